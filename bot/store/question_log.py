"""The questions of several channels, newest first, by what somebody looks for; a page at a time.

Every method names the channels that it looks at: who may see which is decided elsewhere. Who asked a
private question is not told, as in /export.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal

from sqlalchemy import ColumnElement, Connection, Row, Select, and_, or_, select, true

from bot.domain import Answer, Channel, Person, reply_from_json
from bot.store import person_columns
from bot.store.database import Database
from bot.store.tables import asked, label

Result = Literal["any", "answered", "silent"]
Mark = Literal["any", "none", "helpful", "not helpful"]


@dataclass(frozen=True, slots=True)
class Wanted:
    """A filter of questions. None and "" let all pass. `end` itself is not included; scores are."""

    channels: tuple[Channel, ...]
    start: datetime | None = None
    end: datetime | None = None
    result: Result = "any"
    mark: Mark = "any"
    low: float | None = None
    high: float | None = None
    find: str = ""


@dataclass(frozen=True, slots=True)
class LoggedQuestion:
    """A question as it was answered. `person` is None where it was asked privately.

    `marks` are what was said of its matches, by entry id: the newest word on each. `number` is its
    place in the log.
    """

    number: int
    channel: str
    asked_at: datetime
    person: Person | None
    answer: Answer
    marks: Mapping[str, bool] = field(default_factory=dict)


class QuestionLog:
    def __init__(self, database: Database) -> None:
        self._database = database

    def page(
        self, wanted: Wanted, limit: int, before: tuple[int, str] | None = None
    ) -> tuple[LoggedQuestion, ...]:
        """Newest first; with `before` (number and answer id of the last one seen) those older than it."""
        query = _matching(wanted).order_by(asked.c.item_id.desc(), asked.c.answer_id.desc()).limit(limit)
        if before is not None:
            number, answer_id = before
            query = query.where(
                or_(
                    asked.c.item_id < number,
                    and_(asked.c.item_id == number, asked.c.answer_id < answer_id),
                )
            )

        def work(connection: Connection) -> tuple[LoggedQuestion, ...]:
            rows = connection.execute(query).all()
            marks = _marks(connection, [row.answer_id for row in rows])
            return tuple(_question(row, marks.get((row.channel, row.answer_id), {})) for row in rows)

        return self._database.read(work)


def _matching(wanted: Wanted) -> Select[Any]:
    marked = (
        select(label.c.entry_id)
        .where(label.c.channel == asked.c.channel, label.c.origin == asked.c.answer_id)
        .correlate(asked)
    )
    marks: Mapping[Mark, ColumnElement[bool]] = {
        "any": true(),
        "none": ~marked.exists(),
        "helpful": marked.where(label.c.relevant).exists(),
        "not helpful": marked.where(~label.c.relevant).exists(),
    }
    results: Mapping[Result, ColumnElement[bool]] = {
        "any": true(),
        "answered": asked.c.total > 0,
        "silent": asked.c.total == 0,
    }
    conditions: list[ColumnElement[bool]] = [
        asked.c.channel.in_([channel.key for channel in wanted.channels]),
        marks[wanted.mark],
        results[wanted.result],
    ]
    if wanted.start is not None:
        conditions.append(asked.c.asked_at >= wanted.start)
    if wanted.end is not None:
        conditions.append(asked.c.asked_at < wanted.end)
    if wanted.low is not None:
        conditions.append(asked.c.best_score >= wanted.low)
    if wanted.high is not None:
        conditions.append(asked.c.best_score <= wanted.high)
    if wanted.find:
        conditions.append(asked.c.question.icontains(wanted.find, autoescape=True))
    return select(asked).where(*conditions)


def _marks(connection: Connection, answer_ids: Sequence[str]) -> Mapping[tuple[str, str], Mapping[str, bool]]:
    """The newest verdict on each entry, by channel and answer."""
    query = (
        select(label.c.channel, label.c.origin, label.c.entry_id, label.c.relevant)
        .where(label.c.origin.in_(answer_ids))
        .order_by(label.c.made_at, label.c.item_id)
    )
    found: dict[tuple[str, str], dict[str, bool]] = {}
    for row in connection.execute(query):
        found.setdefault((row.channel, row.origin), {})[row.entry_id] = row.relevant
    return found


def _question(row: Row[Any], marks: Mapping[str, bool]) -> LoggedQuestion:
    answer = reply_from_json(row.answer)
    if not isinstance(answer, Answer):
        raise AssertionError("a stored answer that is none; this is a bug")  # noqa: TRY004 - nobody passed a wrong type
    person = None if answer.private else person_columns.of_row(row)
    return LoggedQuestion(row.item_id, row.channel, row.asked_at, person, answer, marks)
