"""Teaching by a channel's votes: each proposal with what it would change; what was taught, and undo."""

from __future__ import annotations

from dataclasses import dataclass

from flask import Blueprint, Response, request

from bot.commands.base.context import MessageContext
from bot.commands.base.lessons import Lessons, Outlook
from bot.commands.teach.evidence import Voices, Votes, is_doubtful
from bot.console.channel_view import context_of
from bot.console.pages.channels import channel_or_first
from bot.console.pages.dial import whole
from bot.console.site import Site, Tab
from bot.domain import KeptProposal

PAGE = 10  # at four calls of the engine each
MOST_WAITING = 500
PAST = 20


@dataclass(frozen=True, slots=True)
class Waiting:
    """A proposal, who stands behind it, and what it would change; nothing of that for one to take away."""

    kept: KeptProposal
    voices: Voices
    outlook: Outlook

    @property
    def is_doubtful(self) -> bool:
        return is_doubtful(self.voices, self.outlook)


def add(routes: Blueprint, site: Site) -> None:
    site.add_tab(Tab("console.teach", "/console/teach", "tab_teach"))
    parts = site.parts

    @routes.get("/teach")
    def teach() -> Response:
        channel, channels = channel_or_first(site)
        if channel is None:
            return site.page("teach.html", channel=None, channels=channels)
        context = context_of(parts, channel, site.visitor.person)
        start = whole(request.args.get("from"))
        waiting, total = _waiting(site, context, start)
        return site.page(
            "teach.html",
            channel=channel,
            channels=channels,
            base=context.knowledge_base,
            waiting=waiting,
            total=total,
            start=start,
            following=start + PAGE if start + PAGE < total else None,
            decided=parts.read.proposals.decisions(channel, PAST),
        )


def _waiting(site: Site, context: MessageContext, start: int) -> tuple[list[Waiting], int]:
    """A page of the list that /teach shows, its doubtful ones last, and how long the list is."""
    read, name, channel = site.parts.read, context.knowledge_base, context.message.channel
    votes = Votes(read.labels.of(channel, knowledge_base=name))
    backed = [
        (one, voices)
        for one in read.proposals.waiting(channel, name, MOST_WAITING)
        if (voices := votes.on(one.proposal)).helpful or one.proposal.kind == "take back"
    ]
    backed.sort(key=lambda one: (-len(one[1].helpful), one[0].id))
    lessons = Lessons(site.parts.engine)
    shown = ((kept, voices, lessons.outlook(kept.proposal)) for kept, voices in backed[start : start + PAGE])
    page = [Waiting(kept, voices, outlook) for kept, voices, outlook in shown if outlook]
    return sorted(page, key=lambda one: one.is_doubtful), len(backed)
