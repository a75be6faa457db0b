"""The review queue: answers that somebody should look at, and what was decided of them.

    queued ─────┐
    observed    ├──decide──► confirmed | dismissed | cleared      (once; the first decision stands)
    pooled ─────┘

Writing happens as part of an outcome (`Inbox.complete`). Readable by its own channel only.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import Connection, Row, func, insert, select, update

from bot.domain import Channel, Decision, IncomingMessage, ReviewCandidate, ReviewItem, ReviewState
from bot.store import person_columns
from bot.store.database import Database
from bot.store.tables import review_item as table

OPEN: tuple[ReviewState, ...] = ("queued", "observed", "pooled")


class Reviews:
    def __init__(self, database: Database) -> None:
        self._database = database

    def get(self, channel: Channel, review_id: int) -> ReviewItem | None:
        """The review item; None for an item of another channel, too."""
        query = select(table).where(table.c.channel == channel.key, table.c.id == review_id)
        row = self._database.read(lambda connection: connection.execute(query).one_or_none())
        return None if row is None else _item(row)

    def waiting(self, channel: Channel, state: ReviewState, limit: int) -> tuple[ReviewItem, ...]:
        """The oldest items in this state."""
        query = (
            select(table)
            .where(table.c.channel == channel.key, table.c.state == state)
            .order_by(table.c.id)
            .limit(limit)
        )
        rows = self._database.read(lambda connection: connection.execute(query).all())
        return tuple(map(_item, rows))

    def everything(self, channel: Channel) -> Sequence[ReviewItem]:
        """All of them, oldest first."""
        query = select(table).where(table.c.channel == channel.key).order_by(table.c.id)
        rows = self._database.read(lambda connection: connection.execute(query).all())
        return [_item(row) for row in rows]

    def counts(self, channel: Channel) -> Mapping[str, int]:
        """The number of items by state; states without any are left out."""
        query = (
            select(table.c.state, func.count().label("items"))
            .where(table.c.channel == channel.key)
            .group_by(table.c.state)
        )
        rows = self._database.read(lambda connection: connection.execute(query).all())
        return {row.state: row.items for row in rows}


def keep_marked(
    connection: Connection, message: IncomingMessage, item_id: int, marked: ReviewCandidate, now: datetime
) -> None:
    """An answer is marked once, whatever it becomes later."""
    answer, match = marked.answer, marked.match
    is_known = select(table.c.id).where(
        table.c.channel == message.channel.key, table.c.answer_id == answer.id
    )
    if connection.scalar(is_known) is not None:
        return
    connection.execute(
        insert(table).values(
            channel=message.channel.key,
            answer_id=answer.id,
            state=marked.state,
            **person_columns.as_columns(message.person),
            question=answer.question,
            knowledge_base=answer.knowledge_base,
            entry_id=match.entry_id,
            entry_text=match.text,
            score=match.score,
            high=str(marked.high),
            low=str(marked.low),
            model=answer.model,
            fingerprint=answer.fingerprint,
            snapshot=answer.snapshot,
            made_at=now,
            item_id=item_id,
        )
    )


def keep_decision(
    connection: Connection, message: IncomingMessage, decision: Decision, now: datetime
) -> None:
    """The first decision stands; a later one changes nothing."""
    connection.execute(
        update(table)
        .where(
            table.c.channel == message.channel.key,
            table.c.id == decision.review_id,
            table.c.state.in_(OPEN),
        )
        .values(
            state=decision.state,
            decided_by=message.person.key,
            decided_by_name=message.person.name or message.person.id,
            decided_at=now,
        )
    )


def _item(row: Row[Any]) -> ReviewItem:
    return ReviewItem(
        id=row.id,
        answer_id=row.answer_id,
        state=row.state,
        person=person_columns.of_row(row),
        question=row.question,
        knowledge_base=row.knowledge_base,
        entry_id=row.entry_id,
        entry_text=row.entry_text,
        score=row.score,
        high=Decimal(row.high),
        low=Decimal(row.low),
        model=row.model,
        fingerprint=row.fingerprint,
        snapshot=row.snapshot,
        made_at=row.made_at,
        decided_by=row.decided_by_name or "",
        decided_at=row.decided_at,
    )
