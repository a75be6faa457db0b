"""Questions and their answers. Readable by their own channel only.

Writing happens as part of an outcome (`Inbox.complete`).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from pydantic import TypeAdapter
from sqlalchemy import Connection, Integer, Row, bindparam, insert, select, update

from bot.domain import (
    Answer,
    AnsweredQuestion,
    Channel,
    IncomingMessage,
    QuestionScores,
    RecordedQuestion,
    reply_from_json,
    reply_to_json,
)
from bot.store import person_columns
from bot.store.database import Database
from bot.store.prepared_statement import Prepared
from bot.store.tables import asked, outbox

# Reads those fields of an answer alone: its matches are most of it.
_countable = TypeAdapter(QuestionScores)
_pairs = TypeAdapter(tuple[tuple[str, float], ...])
_ids = TypeAdapter(tuple[str, ...])
_numbers = TypeAdapter(tuple[float, ...])

_is_known = Prepared(
    select(
        select(1)
        .where(asked.c.answer_id == bindparam("answer"), asked.c.channel == bindparam("room"))
        .exists()
    )
)
_insert = Prepared(insert(asked), columns=[column.name for column in asked.columns])
# Built once: each question asks for the one before it, and building takes a third of its time.
_last = (
    select(asked.c.answer, asked.c.scores)
    .where(asked.c.channel == bindparam("room"))
    .order_by(asked.c.item_id.desc())
    .limit(bindparam("most", type_=Integer))
)
_last_of_base = _last.where(asked.c.knowledge_base == bindparam("base"))

# Rows in memory at once while many are read.
PAGE = 200


class History:
    def __init__(self, database: Database) -> None:
        self._database = database

    def answer(self, channel: Channel, answer_id: str) -> Answer | None:
        """The answer as it is now; None when this channel has none of that name."""
        query = select(asked.c.answer).where(asked.c.answer_id == answer_id, asked.c.channel == channel.key)
        text = self._database.read(lambda connection: connection.scalar(query))
        return None if text is None else _answer(text)

    def answered_question(self, channel: Channel, answer_id: str) -> AnsweredQuestion | None:
        """The answer as it is now, with the scores it was asked with; None as for `answer`."""
        query = select(asked.c.answer, asked.c.scores).where(
            asked.c.answer_id == answer_id, asked.c.channel == channel.key
        )
        row = self._database.read(lambda connection: connection.execute(query).one_or_none())
        return None if row is None else AnsweredQuestion(_answer(row.answer), _scores_of(row.scores))

    def recent(
        self, channel: Channel, limit: int, knowledge_base: str | None = None
    ) -> tuple[AnsweredQuestion, ...]:
        """The last questions of a channel (to one knowledge base), newest first, with their scores."""
        rows = self._database.read(lambda connection: _recent(connection, channel, limit, knowledge_base))
        return tuple(AnsweredQuestion(_answer(row.answer), _scores_of(row.scores)) for row in rows)

    def question_scores(
        self, channel: Channel, limit: int, knowledge_base: str | None = None
    ) -> tuple[QuestionScores, ...]:
        """The questions of `recent` without matches and the ids of scored entries, several times as fast."""
        rows = self._database.read(lambda connection: _recent(connection, channel, limit, knowledge_base))
        return tuple(
            replace(_countable.validate_json(row.answer), scores=_numbers_of(row.scores)) for row in rows
        )

    def background(self, knowledge_base: str, limit: int) -> tuple[QuestionScores, ...]:
        """The last questions of all channels that were not asked privately, newest first, without scores.

        To count by where a channel has too few of its own. None of it may be shown.
        """
        query = (
            select(asked.c.answer)
            .where(asked.c.knowledge_base == knowledge_base)
            .order_by(asked.c.asked_at.desc())
            .limit(limit)
        )
        texts = self._database.read(lambda connection: connection.scalars(query).all())
        counted = map(_countable.validate_json, texts)
        return tuple(one for one in counted if not one.private)

    def between(
        self, channel: Channel, start: datetime, end: datetime, limit: int
    ) -> tuple[RecordedQuestion, ...]:
        """The first questions asked from `start` up to, but not including, `end`; oldest first.

        Each with the scores that passed its threshold, and no others: there may be many.
        """
        query = (
            select(asked)
            .where(asked.c.channel == channel.key, asked.c.asked_at >= start, asked.c.asked_at < end)
            .order_by(asked.c.item_id)
            .limit(limit)
            .execution_options(yield_per=PAGE)
        )
        return self._database.read(
            lambda connection: tuple(_past_question(row) for row in connection.execute(query))
        )

    def thread_question(self, channel: Channel, thread: str) -> str | None:
        """The first question of this thread that everybody in it saw answered; None when there is none."""
        query = (
            select(asked.c.question)
            .where(asked.c.channel == channel.key, asked.c.thread == thread, asked.c.thread != "")
            .order_by(asked.c.item_id)
            .limit(1)
        )
        question: str | None = self._database.read(lambda connection: connection.scalar(query))
        return question

    def receipt_of(self, channel: Channel, answer_id: str) -> str | None:
        """The platform's name for the newest delivery of this answer; None while it is under way."""
        query = (
            select(outbox.c.receipt)
            .where(
                outbox.c.answer_id == answer_id,
                outbox.c.channel == channel.key,
                outbox.c.state == "delivered",
            )
            .order_by(outbox.c.id.desc())
            .limit(1)
        )
        receipt: str | None = self._database.read(lambda connection: connection.scalar(query))
        return receipt


def keep_asked(
    connection: Connection, message: IncomingMessage, item_id: int, question: AnsweredQuestion, now: datetime
) -> None:
    """Keep the answer. One of the same name in the same channel is replaced by what it has become.

    Who asked and when stays; so do the scores, unless new ones come with it.
    """
    answer = question.answer
    values: dict[str, Any] = {
        "question": answer.question,
        "knowledge_base": answer.knowledge_base,
        "threshold": str(answer.threshold),
        "total": answer.total,
        "best_score": answer.best_score,
        "model": answer.model,
        "snapshot": answer.snapshot,
        "answer": reply_to_json(answer),
    }
    scores, channel = _as_text(question.scores), message.channel.key
    if _is_known.run(connection, {"answer": answer.id, "room": channel}):
        connection.execute(
            update(asked)
            .where(asked.c.answer_id == answer.id, asked.c.channel == channel)
            .values(values | ({"scores": scores} if question.scores else {}))
        )
        return
    new = {
        "answer_id": answer.id,
        "channel": channel,
        **person_columns.as_columns(message.person),
        "asked_at": now,
        "item_id": item_id,
        "scores": scores,
        "thread": "" if answer.private else message.thread,
    }
    _insert.run(connection, values | new)


def _recent(
    connection: Connection, channel: Channel, limit: int, knowledge_base: str | None
) -> Sequence[Any]:
    values = {"room": channel.key, "most": limit}
    if knowledge_base is None:
        return connection.execute(_last, values).all()
    return connection.execute(_last_of_base, {**values, "base": knowledge_base}).all()


def _past_question(row: Row[Any]) -> RecordedQuestion:
    answer = _answer(row.answer)
    least = float(answer.threshold)
    passing = tuple(pair for pair in _scores_of(row.scores) if pair[1] >= least)
    return RecordedQuestion(AnsweredQuestion(answer, passing), person_columns.of_row(row), row.asked_at)


def _as_text(scores: tuple[tuple[str, float], ...]) -> str:
    """The numbers on one line, the ids on the next: counting needs the first alone."""
    numbers = _numbers.dump_json(tuple(score for _, score in scores)).decode()
    return f"{numbers}\n{_ids.dump_json(tuple(entry_id for entry_id, _ in scores)).decode()}"


def _scores_of(text: str) -> tuple[tuple[str, float], ...]:
    numbers, line_end, ids = text.partition("\n")
    if not line_end:
        return _pairs.validate_json(text)  # as they were kept before labels came
    return tuple(zip(_ids.validate_json(ids), _numbers.validate_json(numbers), strict=True))


def _numbers_of(text: str) -> tuple[float, ...]:
    numbers, line_end, _ = text.partition("\n")
    if not line_end:
        return tuple(score for _, score in _pairs.validate_json(text))
    return _numbers.validate_json(numbers)


def _answer(text: str) -> Answer:
    reply = reply_from_json(text)
    if not isinstance(reply, Answer):
        raise AssertionError("a stored answer that is none; this is a bug")  # noqa: TRY004 - nobody passed a wrong type
    return reply
