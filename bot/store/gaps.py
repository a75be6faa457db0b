"""Decisions about questions that found nothing, and the places where channels can be told of them.

Writing happens as part of an outcome (`Inbox.complete`). Decisions are readable by their
own channel only.
"""

from __future__ import annotations

import hashlib
from datetime import datetime

from sqlalchemy import Connection, delete, insert, select

from bot.domain import Channel, ClosedGap, IncomingMessage, RecordedGap
from bot.store import person_columns
from bot.store.database import Database
from bot.store.tables import channel_place, gap_decision


class Gaps:
    def __init__(self, database: Database) -> None:
        self._database = database

    def closed_gaps(self, channel: Channel, knowledge_base: str) -> tuple[RecordedGap, ...]:
        query = select(gap_decision).where(
            gap_decision.c.channel == channel.key, gap_decision.c.knowledge_base == knowledge_base
        )
        rows = self._database.read(lambda connection: connection.execute(query).all())
        return tuple(
            RecordedGap(ClosedGap(row.knowledge_base, row.question, row.decision, row.entry_id), row.made_at)
            for row in rows
        )


class Places:
    """The channels that have settings of their own: those that can be spoken to without being asked."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def all(self) -> tuple[Channel, ...]:
        query = select(channel_place).order_by(channel_place.c.channel)
        rows = self._database.read(lambda connection: connection.execute(query).all())
        return tuple(Channel(row.platform, row.tenant, row.id) for row in rows)


def keep_closed(
    connection: Connection, message: IncomingMessage, item_id: int, gap: ClosedGap, now: datetime
) -> None:
    """The newest decision on a question stands."""
    place = {
        "channel": message.channel.key,
        "knowledge_base": gap.knowledge_base,
        "question_digest": hashlib.sha256(gap.question.encode()).hexdigest(),
    }
    connection.execute(delete(gap_decision).filter_by(**place))
    connection.execute(
        insert(gap_decision).values(
            **place,
            question=gap.question,
            decision=gap.decision,
            entry_id=gap.entry_id,
            **person_columns.as_columns(message.person),
            made_at=now,
            item_id=item_id,
        )
    )


def keep_place(connection: Connection, channel: Channel) -> None:
    values = {"platform": channel.platform, "tenant": channel.tenant, "id": channel.id}
    connection.execute(delete(channel_place).where(channel_place.c.channel == channel.key))
    connection.execute(insert(channel_place).values(channel=channel.key, **values))
