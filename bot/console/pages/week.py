"""The week: what was asked, what found nothing, what helped, how long it took; per channel and day by day.

The figures are counted from the rows that the metrics are fed by, see `bot.store.figures`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from itertools import pairwise

from flask import Blueprint, Response, request

from bot.console import charts
from bot.console.pages.dial import csv_file
from bot.console.pages.questions import day_of
from bot.console.site import Site, Tab
from bot.domain import Channel
from bot.store.figures import Tally, TopQuestion, Waits

LENGTHS = (7, 28)
TOP = 20
CSV_HEAD = ("day", "channel", "asked", "silent", "helpful", "not_helpful", "median_seconds", "p95_seconds")


@dataclass(frozen=True, slots=True)
class Day:
    """One day; `tallies` are by channel key."""

    date: date
    tallies: Mapping[str, Tally]
    waits: Waits

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
        rows = []
        for day in _days(site, last, length):
            tallies = parts.read.figures.tallies(channels, *day)
            for channel in channels:
                tally = tallies.get(channel.key)
                if tally is not None:
                    waits = parts.read.figures.waits((channel,), *day)
                    rows.append(
                        (
                            f"{day[0]:%Y-%m-%d}",
                            channel.key,
                            tally.asked,
                            tally.silent,
                            tally.helpful,
                            tally.not_helpful,
                            waits.median,
                            waits.p95,
                        )
                    )
        return csv_file("week.csv", CSV_HEAD, rows)


def _look(site: Site, channels: Sequence[Channel], last: date, length: int) -> Week:
    figures, spans = site.parts.read.figures, _days(site, last, length)
    start, end = spans[0][0], spans[-1][1]
    days = tuple(
        Day(begin.date(), figures.tallies(channels, begin, over), figures.waits(channels, begin, over))
        for begin, over in spans
    )
    tallies = figures.tallies(channels, start, end)
    return Week(
        days=days,
        whole=sum(tallies.values(), Tally()),
        waits=figures.waits(channels, start, end),
        rows=tuple(
            (channel, tallies[channel.key], figures.waits((channel,), start, end))
            for channel in channels
            if channel.key in tallies
        ),
        top=figures.top(channels, start, end, TOP),
    )


def _days(site: Site, last: date, length: int) -> list[tuple[datetime, datetime]]:
    """From the beginning of each day to that of the next, in the bot's time zone."""
    dates = [last - timedelta(days=back) for back in range(length - 1, -2, -1)]
    begins = [datetime.combine(day, time(), site.zone) for day in dates]
    return list(pairwise(begins))
