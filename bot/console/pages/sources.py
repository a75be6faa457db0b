"""The sources of a knowledge base: what of it fails, refreshes as they run, confirming, going back."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from flask import Blueprint, Response, jsonify, request
from werkzeug.exceptions import NotFound

from bot.console.redirects import see_other
from bot.console.site import Site
from bot.console.visitor import language_of
from bot.domain import EngineError, FailedSource, Language, LeftOut, Refreshed
from bot.domain.search import SourceReport
from bot.texts import sources as words

log = logging.getLogger(__name__)

CONFLICTS = frozenset({"other_answer", "same_wording", "same_id"})


@dataclass(frozen=True, slots=True)
class Source:
    """A source by its `name`; `failing` says what of it fails, `is_held_back` that somebody must confirm."""

    name: str
    failing: tuple[FailedSource, ...] = ()

    @property
    def is_held_back(self) -> bool:
        return any(each.code in words.HELD_BACK for each in self.failing)


def add(routes: Blueprint, site: Site) -> None:
    engine = site.parts.engine

    def refuse_others(kb: str) -> None:
        """Confirming and going back are an admin's: no command does them. Others see no such page."""
        if not site.parts.rights.is_admin(site.visitor.person):
            log.warning("console_change_refused", extra={"person": site.visitor.person.key, "base": kb})
            raise NotFound

    @routes.get("/knowledge/<kb>/progress")
    def progress(kb: str) -> Response:
        """The progress of a running refresh as JSON, for the page's script."""
        base = report_of(site, kb).base
        done, total = base.progress or (0, 0)
        return jsonify({"running": base.refreshing, "done": done, "total": total})

    @routes.post("/knowledge/<kb>/confirm")
    def confirm(kb: str) -> Response:
        refuse_others(kb)
        report_of(site, kb)
        engine.refresh(kb, confirm=True)
        log.info("console_confirmed", extra={"person": site.visitor.person.key, "base": kb})
        return _back(kb)

    @routes.post("/knowledge/<kb>/rollback")
    def roll_back(kb: str) -> Response:
        refuse_others(kb)
        report_of(site, kb)
        try:
            engine.roll_back(kb)
        except EngineError as error:
            if error.code == "no_snapshot":
                return site.error(409, "nothing_before")
            raise
        log.info("console_rolled_back", extra={"person": site.visitor.person.key, "base": kb})
        return _back(kb)


def report_of(site: Site, name: str) -> SourceReport:
    """Raises NotFound, and EngineError as every question may."""
    try:
        return site.parts.engine.report(name)
    except EngineError as error:
        if error.code == "unknown_knowledge_base":
            raise NotFound from None
        raise


def sources_of(report: SourceReport) -> list[Source]:
    """Every source that is configured, and whatever else fails: a file of a folder, say."""
    failed = report.base.failed
    known = [Source(name, tuple(each for each in failed if each.source == name)) for name in report.sources]
    others = dict.fromkeys(each.source for each in failed if each.source not in report.sources)
    return [
        *known,
        *(Source(name, tuple(each for each in failed if each.source == name)) for name in others),
    ]


def latest(report: SourceReport) -> Refreshed | None:
    """The refresh that says what was left out: the last one that has ended."""
    return next((each for each in report.refreshes if each.state != "running"), None)


def conflicts(refreshed: Refreshed | None) -> list[LeftOut]:
    """The lines left out because another entry says something else of the same thing."""
    return [] if refreshed is None else [each for each in _left_out(refreshed) if each.code in CONFLICTS]


def dropped_rows(refreshed: Refreshed | None) -> list[LeftOut]:
    return [] if refreshed is None else [each for each in _left_out(refreshed) if each.code not in CONFLICTS]


def sentences() -> Mapping[str, object]:
    """The sentences of the page, in the visitor's language."""
    language: Language = language_of(request)
    return {
        "place": lambda where: words.place(where, language),
        "why": lambda each: words.why_left_out(each, language),
        "error": lambda ended: _why_failed(ended, language),
        "what_fails": lambda each: words.what_fails(each, language),
    }


def _why_failed(ended: Refreshed, language: Language) -> str:
    """The reason a refresh served nothing new: its failed sources, else the engine's error."""
    if ended.failed:
        return "; ".join(words.what_fails(each, language) for each in ended.failed)
    return (ended.error or "") if language == "en" else words.source_wording(language).unknown_error


def _left_out(refreshed: Refreshed) -> Sequence[LeftOut]:
    return (*refreshed.left_out, *refreshed.notes)


def _back(kb: str) -> Response:
    return see_other(f"/console/knowledge/{kb}")
