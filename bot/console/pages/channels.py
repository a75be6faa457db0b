"""The channels side by side, and one channel: its settings, their history, and the preview while sliding."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from flask import Blueprint, Response, request
from werkzeug.exceptions import NotFound

from bot.commands.base.context import Effective
from bot.commands.strategy.presets import TUTORIAL
from bot.console.channel_view import (
    bases_of,
    context_of,
    names_in,
    settings_of,
    sliding_of,
    threshold_of,
)
from bot.console.pages.dial import csv_file
from bot.console.site import Site, Tab
from bot.console.visitor import language_of
from bot.csv_table import Cell
from bot.domain import Channel
from bot.store.figures import Tally

DAYS = 7
CHANGES_SHOWN = 100
CSV_HEAD = (
    "channel", "name", "knowledge_base", "threshold", "threshold_source", "asked", "silent", "helpful",
    "not_helpful",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Line:
    """A channel beside the others. `threshold` is None where only a silent engine knows it."""

    channel: Channel
    label: str
    knowledge_base: str
    threshold: Effective | None
    tally: Tally


def add(routes: Blueprint, site: Site) -> None:
    site.add_tab(Tab("console.channels", "/console/channels", "tab_channels"))
    parts = site.parts

    def lines() -> list[Line]:
        person, now = site.visitor.person, parts.clock.now()
        seen, bases = parts.rights.channels_of(person), bases_of(parts)
        (tallies,) = parts.read.figures.tallies(seen, (now - timedelta(days=DAYS), now))
        contexts = [context_of(parts, channel, person) for channel in seen]
        return [
            Line(
                channel=context.message.channel,
                label=context.settings.label or "",
                knowledge_base=context.knowledge_base,
                threshold=threshold_of(context, bases),
                tally=tallies.get(context.message.channel.key, Tally()),
            )
            for context in contexts
        ]

    @routes.get("/channels")
    def channels() -> Response:
        return site.page("channels.html", lines=lines(), days=DAYS, is_silent=parts.engine.is_away)

    @routes.get("/channels.csv")
    def channels_table() -> Response:
        return csv_file("channels.csv", CSV_HEAD, [_cells(line) for line in lines()])

    @routes.get("/channel")
    def channel() -> Response:
        chosen = channel_asked(site)
        context, bases = context_of(parts, chosen, site.visitor.person), bases_of(parts)
        threshold = threshold_of(context, bases)
        far = parts.clock.now() + timedelta(days=1)
        history = parts.read.settings.between(chosen, datetime(1970, 1, 2, tzinfo=UTC), far)
        return site.page(
            "channel.html",
            channel=chosen,
            context=context,
            threshold=threshold,
            settings=settings_of(parts, context, bases, language_of(request)),
            sliding=sliding_of(parts, context, threshold.value, request.args.get("t")) if threshold else None,
            history=list(reversed(history))[:CHANGES_SHOWN],
            bases=sorted(bases) if bases else [context.knowledge_base],
            setting_names=names_in(language_of(request)),
            strategies=sorted({*TUTORIAL, *parts.bot.strategy}),
            is_silent=bases is None,
        )


def channel_asked(site: Site) -> Channel:
    """The channel that the address names, by its key; one that is not the visitor's is none."""
    channel = site.parts.rights.channel(site.visitor.person, request.args.get("channel", ""))
    if channel is None:
        raise NotFound
    return channel


def channel_or_first(site: Site) -> tuple[Channel | None, tuple[Channel, ...]]:
    """The channel that the address names, or the visitor's first where it names none; and all of them."""
    channels = site.parts.rights.channels_of(site.visitor.person)
    if "channel" in request.args:
        return channel_asked(site), channels
    return next(iter(channels), None), channels


def _cells(line: Line) -> tuple[Cell, ...]:
    threshold, tally = line.threshold, line.tally
    return (
        line.channel.key,
        line.label,
        line.knowledge_base,
        float(threshold.value) if threshold else None,
        threshold.source if threshold else None,
        tally.asked,
        tally.silent,
        tally.helpful,
        tally.not_helpful,
    )
