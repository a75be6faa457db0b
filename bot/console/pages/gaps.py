"""The questions of a channel that found nothing helpful: grouped, with what came nearest, to be closed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from flask import Blueprint, Response, request

from bot.commands.base.context import MessageContext
from bot.commands.gaps.missed import Gap
from bot.commands.gaps.open_gaps import OpenGaps
from bot.commands.gaps.reply import DAYS
from bot.console.channel_view import context_of
from bot.console.pages.channels import channel_or_first
from bot.console.pages.dial import whole
from bot.console.site import Site, Tab
from bot.domain import EngineError
from bot.domain.spelling import fold
from bot.engine_client import ShownEntry

PAGE = 15  # at one call of the engine each, for the entry that came nearest
PAST = 15
LONGEST_FIND = 200


@dataclass(frozen=True, slots=True)
class Line:
    """A gap with the entry that came `nearest` and its score; None where there was none, or it is gone."""

    gap: Gap
    nearest: ShownEntry | None
    score: float | None


def add(routes: Blueprint, site: Site) -> None:
    site.add_tab(Tab("console.gaps", "/console/gaps", "tab_gaps"))
    parts = site.parts

    @routes.get("/gaps")
    def gaps() -> Response:
        channel, channels = channel_or_first(site)
        if channel is None:
            return site.page("gaps.html", channel=None, channels=channels)
        context = context_of(parts, channel, site.visitor.person)
        find = request.args.get("find", "").replace("\0", "").strip()[:LONGEST_FIND]
        start = whole(request.args.get("from"))
        reads = OpenGaps(
            parts.read.history,
            parts.read.labels,
            parts.read.gaps,
            parts.read.proposals,
            parts.engine,
            parts.clock,
        )
        every, private = reads.open_in(channel, context.knowledge_base, DAYS)
        found = _holding(every, find)
        closed = parts.read.gaps.closed_gaps(channel, context.knowledge_base)
        latest = sorted(closed, key=lambda past: past.made_at, reverse=True)
        return site.page(
            "gaps.html",
            channel=channel,
            channels=channels,
            base=context.knowledge_base,
            days=DAYS,
            find=find,
            lines=[_line(site, context, gap) for gap in found[start : start + PAGE]],
            total=len(found),
            questions=sum(gap.count for gap in found),
            private=private,
            start=start,
            following=start + PAGE if start + PAGE < len(found) else None,
            closed=latest[:PAST],
        )


def _holding(gaps: Sequence[Gap], find: str) -> list[Gap]:
    """The gaps with a question that contains `find`, whatever its width, case and spacing."""
    wanted = fold(find)
    return [gap for gap in gaps if any(wanted in fold(one.text) for one in gap.questions)]


def _line(site: Site, context: MessageContext, gap: Gap) -> Line:
    answer = gap.nearest
    if answer is None:
        return Line(gap, None, None)
    asked = site.parts.read.history.answered_question(context.message.channel, answer.id)
    if asked is None or not asked.scores:
        return Line(gap, None, answer.best_score)
    entry_id, score = asked.scores[0]
    try:
        return Line(gap, site.parts.engine.show_entry(context.knowledge_base, entry_id), score)
    except EngineError as error:
        if error.code != "unknown_entry":
            raise
        return Line(gap, None, score)
