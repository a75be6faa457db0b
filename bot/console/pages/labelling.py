"""Labelling by keys, one after the other: the matches whose label says most about a channel's threshold.

Each label is the vote of a click in the chat, sent as soon as its key is pressed.
"""

from __future__ import annotations

from flask import Blueprint, Response

from bot.commands.tune.reply import LOOKS_BACK, worth_labelling
from bot.console.channel_view import bases_of, context_of, threshold_of
from bot.console.pages.channels import channel_asked
from bot.console.site import Site

AT_ONCE = 60


def add(routes: Blueprint, site: Site) -> None:
    parts = site.parts

    @routes.get("/label")
    def label() -> Response:
        channel = channel_asked(site)
        context, bases = context_of(parts, channel, site.visitor.person), bases_of(parts)
        name = context.knowledge_base
        recent = parts.read.history.recent(channel, LOOKS_BACK, name)
        given = [past.label for past in parts.read.labels.of(channel, knowledge_base=name)]
        threshold = threshold_of(context, bases)
        # An engine that is silent cannot say which model it has: then the newest question's counts.
        base = (bases or {}).get(name)
        fingerprint = base.fingerprint if base else recent[0].answer.fingerprint if recent else ""
        chosen = worth_labelling(
            recent, given, fingerprint, None, float(threshold.value) if threshold else 0.0, limit=AT_ONCE
        )
        items = [
            (asked.answer, next(match for match in asked.answer.matches if match.rank == rank))
            for asked, rank in chosen
        ]
        return site.page("label.html", channel=channel, context=context, items=items)
