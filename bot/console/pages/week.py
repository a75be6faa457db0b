"""The week: what was asked, what found nothing, what helped, how long it took; per channel and day by day.

The figures are counted from the rows that the metrics are fed by, see `bot.store.figures`.
"""

from __future__ import annotations

from bisect import bisect_right
from collections import defaultdict
from collections.abc import Callable, Hashable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import TypeVar

from flask import Blueprint, Response, request

from bot.console import charts
from bot.console.pages.dial import csv_file
from bot.console.pages.questions import day_of
from bot.console.site import Site, Tab
from bot.domain import Channel
from bot.store.figures import Tally, TopQuestion, Wait, Waits

LENGTHS = (7, 28)
TOP = 20
Key = TypeVar("Key", bound=Hashable)
CSV_HEAD = ("day", "channel", "asked", "silent", "helpful", "not_helpful", "median_seconds", "p95_seconds")


@dataclass(frozen=True, slots=True)
class Day:
    """One day; `tallies` are by channel key."""

    date: date
    tallies: Mapping[str, Tally]
    each_wait: Sequence[Wait]

    @property
    def waits(self) -> Waits:
        return Waits.of(self.each_wait)

    @property
    def whole(self) -> Tally:
        return sum(self.tallies.values(), Tally())


@dataclass(frozen=True, slots=True)
class Week:
    """Some days, the last of them included. `rows` are the channels in which anything happened."""

    days: tuple[Day, ...]
    whole: Tally
    waits: Waits
    rows: tuple[tuple[Channel, Tally, Waits], ...]
    top: tuple[TopQuestion, ...]


def add(routes: Blueprint, site: Site) -> None:
    site.add_tab(Tab("console.week", "/console/week", "tab_week"))
    parts = site.parts

    def asked_for() -> tuple[date, int]:
        today = parts.clock.now().astimezone(site.zone).date()
        last = min(day_of(request.args.get("to", "")) or today, today)
        length = next((one for one in LENGTHS if str(one) == request.args.get("days")), LENGTHS[0])
        return last, length

    @routes.get("/week")
    def week() -> Response:
        last, length = asked_for()
        channels = parts.rights.channels_of(site.visitor.person)
        seen = _look(site, channels, last, length)
        return site.page(
            "week.html",
            seen=seen,
            last=last,
            length=length,
            lengths=LENGTHS,
            before=last - timedelta(days=length),
            after=last + timedelta(days=length),
            today=parts.clock.now().astimezone(site.zone).date(),
            bars=charts.stack_bars([(day.whole.asked, day.whole.silent) for day in seen.days]),
        )

    @routes.get("/week.csv")
    def week_table() -> Response:
        last, length = asked_for()
        channels = parts.rights.channels_of(site.visitor.person)
        seen = _look(site, channels, last, length)
        rows = [
            _cells(day, channel) for day in seen.days for channel in channels if channel.key in day.tallies
        ]
        return csv_file("week.csv", CSV_HEAD, rows)


def _look(site: Site, channels: Sequence[Channel], last: date, length: int) -> Week:
    figures, bounds = site.parts.read.figures, _bounds(site, last, length)
    start, end = bounds[0], bounds[-1]
    waits = figures.waits(channels, start, end)
    by_day = _group(waits, lambda wait: bisect_right(bounds, wait.asked_at) - 1)
    days = tuple(
        Day(begin.date(), tallies, by_day.get(at, ()))
        for at, (begin, tallies) in enumerate(zip(bounds, figures.tallies(channels, bounds), strict=False))
    )
    by_channel = _group(waits, lambda wait: wait.channel)
    wholes = {
        channel: [day.tallies[channel.key] for day in days if channel.key in day.tallies]
        for channel in channels
    }
    return Week(
        days=days,
        whole=sum((day.whole for day in days), Tally()),
        waits=Waits.of(waits),
        rows=tuple(
            (channel, sum(tallies, Tally()), Waits.of(by_channel.get(channel.key, ())))
            for channel, tallies in wholes.items()
            if tallies
        ),
        top=figures.top(channels, start, end, TOP),
    )


def _group(waits: Sequence[Wait], key: Callable[[Wait], Key]) -> Mapping[Key, Sequence[Wait]]:
    groups: dict[Key, list[Wait]] = defaultdict(list)
    for wait in waits:
        groups[key(wait)].append(wait)
    return groups


def _cells(day: Day, channel: Channel) -> tuple[str | int | float | None, ...]:
    tally = day.tallies[channel.key]
    waits = Waits.of(wait for wait in day.each_wait if wait.channel == channel.key)
    return (
        f"{day.date:%Y-%m-%d}",
        channel.key,
        tally.asked,
        tally.silent,
        tally.helpful,
        tally.not_helpful,
        waits.median,
        waits.p95,
    )


def _bounds(site: Site, last: date, length: int) -> list[datetime]:
    """The `length` + 1 midnights in the bot's time zone that bound the days up to `last`."""
    return [
        datetime.combine(last - timedelta(days=back), time(), site.zone) for back in range(length - 1, -2, -1)
    ]
