"""Usage statistics: questions, how many found nothing, votes, and waiting times.

The same rows that /export hands out and that the metrics are fed by, counted. Every method names the
channels that it looks at: who may see which is decided elsewhere. A day begins where the caller says.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from math import ceil
from typing import Any

from sqlalchemy import ColumnElement, Connection, Select, case, func, select

from bot.domain import Channel
from bot.store.database import Database
from bot.store.tables import asked, inbox, label, outbox

# In the stored JSON of an answer; inside a text of it the quotes would have backslashes before them.
ASKED_PRIVATELY = '"private":true'
# More waits than this are not read at once: the newest of them tell enough.
MOST_WAITS = 100_000


@dataclass(frozen=True, slots=True)
class Tally:
    """Questions, those of them without a match, and the votes and decisions on matches."""

    asked: int = 0
    silent: int = 0
    helpful: int = 0
    not_helpful: int = 0

    @property
    def silent_share(self) -> float | None:
        return self.silent / self.asked if self.asked else None

    @property
    def helpful_share(self) -> float | None:
        judged = self.helpful + self.not_helpful
        return self.helpful / judged if judged else None

    def __add__(self, other: Tally) -> Tally:
        return Tally(
            self.asked + other.asked,
            self.silent + other.silent,
            self.helpful + other.helpful,
            self.not_helpful + other.not_helpful,
        )


@dataclass(frozen=True, slots=True)
class Wait:
    """Seconds from the acknowledgement of one question to its delivered answer."""

    channel: str
    asked_at: datetime
    seconds: float


@dataclass(frozen=True, slots=True)
class Waits:
    """The number of waits, and their quantiles in seconds; None where there is none."""

    count: int = 0
    median: float | None = None
    p95: float | None = None

    @classmethod
    def of(cls, waits: Iterable[Wait]) -> Waits:
        seconds = sorted(each.seconds for each in waits)
        if not seconds:
            return cls()
        return cls(len(seconds), _quantile(seconds, 0.5), _quantile(seconds, 0.95))


@dataclass(frozen=True, slots=True)
class TopQuestion:
    """A question, word for word, and how often it was asked and found nothing."""

    question: str
    asked: int
    silent: int


class Figures:
    def __init__(self, database: Database) -> None:
        self._database = database

    def tallies(
        self, channels: Sequence[Channel], bounds: Sequence[datetime]
    ) -> tuple[Mapping[str, Tally], ...]:
        """The tallies by channel key, one mapping for each span between two of the ascending `bounds`."""
        keys = [channel.key for channel in channels]
        questions = (
            select(
                asked.c.channel,
                _span(asked.c.asked_at, bounds),
                func.count().label("asked"),
                func.count().filter(asked.c.total == 0).label("silent"),
            )
            .where(asked.c.channel.in_(keys), asked.c.asked_at >= bounds[0], asked.c.asked_at < bounds[-1])
            .group_by(asked.c.channel, "span")
        )
        # Imported labels say nothing of how the bot did.
        votes = (
            select(
                label.c.channel,
                _span(label.c.made_at, bounds),
                func.count().filter(label.c.relevant).label("helpful"),
                func.count().filter(~label.c.relevant).label("not_helpful"),
            )
            .where(
                label.c.channel.in_(keys),
                label.c.made_at >= bounds[0],
                label.c.made_at < bounds[-1],
                label.c.source != "import",
            )
            .group_by(label.c.channel, "span")
        )

        def work(connection: Connection) -> tuple[Mapping[str, Tally], ...]:
            found: list[dict[str, Tally]] = [{} for _ in bounds[1:]]
            for row in connection.execute(questions).all():
                found[row.span][row.channel] = Tally(row.asked, row.silent)
            for row in connection.execute(votes).all():
                judged = Tally(helpful=row.helpful, not_helpful=row.not_helpful)
                found[row.span][row.channel] = found[row.span].get(row.channel, Tally()) + judged
            return tuple(found)

        return self._database.read(work)

    def waits(self, channels: Sequence[Channel], start: datetime, end: datetime) -> tuple[Wait, ...]:
        """The waits of askers, newest first, as `kbdial_bot_answer_seconds` observes them for questions."""
        first = func.min(outbox.c.ended_at).label("delivered_at")
        query = (
            select(asked.c.channel, asked.c.asked_at, inbox.c.received_at, first)
            .join(asked, asked.c.item_id == inbox.c.id)
            .join(outbox, outbox.c.answer_id == asked.c.answer_id)
            .where(
                *_between(channels, start, end),
                outbox.c.channel == asked.c.channel,
                outbox.c.state == "delivered",
            )
            .group_by(inbox.c.id, asked.c.channel, asked.c.asked_at, inbox.c.received_at)
            .order_by(inbox.c.id.desc())
            .limit(MOST_WAITS)
        )
        rows = self._database.read(lambda connection: connection.execute(query).all())
        return tuple(
            Wait(row.channel, row.asked_at, max(0.0, (row.delivered_at - row.received_at).total_seconds()))
            for row in rows
        )

    def top(
        self, channels: Sequence[Channel], start: datetime, end: datetime, limit: int
    ) -> tuple[TopQuestion, ...]:
        """The `limit` questions asked most often; those that were asked privately are left out."""
        return self._database.read(
            lambda connection: tuple(
                TopQuestion(row.question, row.asked, row.silent)
                for row in connection.execute(_top(channels, start, end, limit)).all()
            )
        )


def _span(moment: ColumnElement[datetime], bounds: Sequence[datetime]) -> ColumnElement[int]:
    """SQL for the index, counted from 0, of the span between `bounds` that a moment lies in."""
    ends = bounds[1:]
    return case(*((moment < end, at) for at, end in enumerate(ends)), else_=len(ends)).label("span")


def _top(channels: Sequence[Channel], start: datetime, end: datetime, limit: int) -> Select[Any]:
    count, silent = func.count(), func.sum(case((asked.c.total == 0, 1), else_=0))
    return (
        select(asked.c.question, count.label("asked"), silent.label("silent"))
        .where(*_between(channels, start, end), ~asked.c.answer.contains(ASKED_PRIVATELY, autoescape=True))
        .group_by(asked.c.question)
        .order_by(count.desc(), asked.c.question)
        .limit(limit)
    )


def _between(channels: Sequence[Channel], start: datetime, end: datetime) -> tuple[Any, ...]:
    keys = [channel.key for channel in channels]
    return asked.c.channel.in_(keys), asked.c.asked_at >= start, asked.c.asked_at < end


def _quantile(ordered: Sequence[float], share: float) -> float:
    """The smallest that at least this share of all does not exceed."""
    return ordered[ceil(share * len(ordered)) - 1]
