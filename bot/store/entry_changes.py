"""The record of entries added, changed or removed from the chat, readable by their own channel only.

Writing happens as part of an outcome (`Inbox.complete`).
"""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Connection, insert, select

from bot.domain import Channel, EntryChange, IncomingMessage, RecordedEntryChange
from bot.store import person_columns
from bot.store.database import Database
from bot.store.tables import entry_change as table


class EntryChanges:
    def __init__(self, database: Database) -> None:
        self._database = database

    def of(self, channel: Channel, knowledge_base: str, entry_id: str) -> tuple[RecordedEntryChange, ...]:
        """The changes made to one entry from this channel, oldest first."""
        query = (
            select(table)
            .where(
                table.c.channel == channel.key,
                table.c.knowledge_base == knowledge_base,
                table.c.entry_id == entry_id,
            )
            .order_by(table.c.id)
        )
        rows = self._database.read(lambda connection: connection.execute(query).all())
        return tuple(
            RecordedEntryChange(
                EntryChange(row.knowledge_base, row.entry_id, row.act, row.text, row.before),
                person_columns.of_row(row),
                row.made_at,
            )
            for row in rows
        )


def keep_entry_change(
    connection: Connection, message: IncomingMessage, item_id: int, change: EntryChange, now: datetime
) -> None:
    connection.execute(
        insert(table).values(
            channel=message.channel.key,
            knowledge_base=change.knowledge_base,
            entry_id=change.entry_id,
            act=change.act,
            text=change.text,
            before=change.before,
            **person_columns.as_columns(message.person),
            made_at=now,
            item_id=item_id,
        )
    )
