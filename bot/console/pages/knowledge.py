"""A knowledge base as a page: its entries to find, read and change, and where they come from."""

from __future__ import annotations

from flask import Blueprint, Response, request
from werkzeug.exceptions import BadRequest, NotFound

from bot.console.homes import channels_for
from bot.console.pages import sources
from bot.console.pages.dial import chosen, whole
from bot.console.pages.doing import back_with_answer, lines_of, message_of, once_of
from bot.console.redirects import see_other
from bot.console.site import Site, Tab
from bot.domain import EngineError, KnowledgeBase, WriteEntry
from bot.engine_client import Entry, ShownEntry

PAGE = 50
LONGEST_FIND = 200
LONGEST_TEXT, LONGEST_ANSWER = 20_000, 100_000
MANAGED = "managed"  # what the engine calls the source that people write to


def add(routes: Blueprint, site: Site) -> None:
    site.add_tab(Tab("console.knowledge", "/console/knowledge", "tab_knowledge"))
    engine, overview = site.parts.engine, site.parts.overview

    @routes.get("/knowledge")
    def any_knowledge() -> Response:
        base = chosen(engine.knowledge_bases(), None, site.parts.bot.defaults.knowledge_base)
        if base is None:
            raise NotFound
        return see_other(path_of(base.name))

    @routes.get("/knowledge/<kb>")
    def knowledge(kb: str) -> Response:
        bases = engine.knowledge_bases()
        base = _base(bases, kb)
        report = sources.report_of(site, kb)
        last = sources.latest(report)
        find = request.args.get("find", "").replace("\0", "").strip()[:LONGEST_FIND]
        start = whole(request.args.get("from"))
        entries, total = _entries(site, base, find, start)
        following = start + len(entries)
        return site.page(
            "knowledge.html",
            bases=bases,
            base=base,
            find=find,
            entries=entries,
            total=total,
            start=start,
            previous=max(0, start - PAGE) if start else None,
            following=following if entries and following < total else None,
            channels=channels_for(site, kb),
            report=report,
            sources=sources.sources_of(report),
            last=last,
            conflicts=sources.conflicts(last),
            dropped=sources.dropped_rows(last),
            say=sources.sentences(),
            is_admin=site.parts.rights.is_admin(site.visitor.person),
            here="console.knowledge",
        )

    @routes.get("/knowledge/<kb>/entry")
    def entry(kb: str) -> Response:
        base = _base(engine.knowledge_bases(), kb)
        shown = _find_entry(site, base, request.args.get("id", ""))
        channels = channels_for(site, kb)
        return site.page(
            "entry.html",
            base=base,
            entry=shown,
            is_managed=shown.source == MANAGED,
            channels=channels,
            votes=overview.votes_on(site.visitor.person, channels, kb, shown.id),
            changes=overview.entry_changes(channels, kb, shown.id),
            gaps=overview.gaps_closed_by(channels, kb, shown.id),
            here="console.knowledge",
        )

    @routes.post("/knowledge/<kb>/write")
    def write(kb: str) -> Response:
        person, form = site.visitor.person, request.form
        channel = site.parts.rights.channel(person, form.get("channel", ""))
        if channel is None:
            raise NotFound
        action = _read_form(_base(engine.knowledge_bases(), kb))
        message = message_of(channel, person, once_of(form), action)
        return back_with_answer(site.parts.answer(message), form.get("back", ""))


def path_of(knowledge_base: str) -> str:
    return f"/console/knowledge/{knowledge_base}"


def _base(bases: tuple[KnowledgeBase, ...], name: str) -> KnowledgeBase:
    base = chosen(bases, name, "")
    assert base is not None  # noqa: S101 - one that is named is there, or NotFound
    return base


def _entries(site: Site, base: KnowledgeBase, find: str, start: int) -> tuple[tuple[Entry, ...], int]:
    engine = site.parts.engine
    if find:
        return engine.find_entries(base.name, find, limit=PAGE, offset=start)
    page = engine.entries(base.name, PAGE, start)
    return page.entries, page.total


def _find_entry(site: Site, base: KnowledgeBase, entry_id: str) -> ShownEntry:
    try:
        return site.parts.engine.show_entry(base.name, entry_id)
    except EngineError as error:
        if error.code == "unknown_entry":
            raise NotFound from None
        raise


def _read_form(base: KnowledgeBase) -> WriteEntry:
    """The entry in the submitted form. Raises BadRequest: an empty or too long text, or a too long answer."""
    form = request.form
    text, answer = (lines_of(form.get(name, "")) for name in ("text", "answer"))
    if not text or len(text) > LONGEST_TEXT or len(answer) > LONGEST_ANSWER:
        raise BadRequest
    entry_id = form.get("id") or None
    return WriteEntry(base.name, text, answer, entry_id, form.get("hash", ""))
