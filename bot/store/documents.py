"""Files on their way to people: written with the reply that announces them, gone once they expire."""

from __future__ import annotations

import zlib
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, insert, select

from bot.domain import Channel, Clock, File
from bot.store.database import Database
from bot.store.tables import document


class Documents:
    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    def get(self, document_id: str) -> File | None:
        """None when there is none of that name, or none any more. Ids are not to be guessed."""
        now = self._clock.now()
        query = select(document).where(document.c.id == document_id, document.c.expires_at > now)
        row = self._database.read(lambda connection: connection.execute(query).one_or_none())
        if row is None:
            return None
        left = (row.expires_at - now).total_seconds()
        return File(row.id, row.name, row.media_type, zlib.decompress(row.content), left)

    def content(self, document_id: str) -> bytes | None:
        file = self.get(document_id)
        return None if file is None else file.content


def row_of(channel: Channel, file: File, now: datetime) -> dict[str, Any]:
    """The file as it is kept; made before the transaction, because it takes its time."""
    return {
        "id": file.id,
        "channel": channel.key,
        "name": file.name,
        "media_type": file.media_type,
        # Tables in text are mostly repetition: a tenth of the size, and of the commit.
        "content": zlib.compress(file.content, 1),
        "made_at": now,
        "expires_at": now + timedelta(seconds=file.keep_seconds),
    }


def keep_files(connection: Connection, rows: list[dict[str, Any]]) -> None:
    if rows:
        connection.execute(insert(document), rows)
