"""Files on their way to people: written with the reply that announces them, gone once they expire."""

from __future__ import annotations

import zlib
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, func, insert, select

from bot.domain import Channel, Clock, File
from bot.store.database import Database
from bot.store.errors import StoreError
from bot.store.tables import document

# What one reader holds at a time, compressed and not.
PACKED_BYTES = 256 * 1024
PIECE_BYTES = 256 * 1024


class Documents:
    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    def get(self, document_id: str) -> File | None:
        """The file with this id; None when there is none, or none any more. Ids are not to be guessed."""
        found = self.find(document_id)
        return None if found is None else replace(found, content=b"".join(self.pieces(document_id)))

    def find(self, document_id: str) -> File | None:
        """The same without its content."""
        now, row = self._clock.now(), document.c
        query = select(row.id, row.name, row.media_type, row.expires_at).where(
            row.id == document_id, row.expires_at > now
        )
        found = self._database.read(lambda connection: connection.execute(query).one_or_none())
        if found is None:
            return None
        return File(found.id, found.name, found.media_type, b"", (found.expires_at - now).total_seconds())

    def pieces(self, document_id: str) -> Iterator[bytes]:
        """The content piece by piece, so that a slow reader holds no more than one of them in memory."""
        unpack, at = zlib.decompressobj(), 1
        while packed := self._packed_piece(document_id, at):
            at += len(packed)
            while packed:
                yield unpack.decompress(packed, PIECE_BYTES)
                packed = unpack.unconsumed_tail
        if not unpack.eof:
            # The reader must not take a part for the whole: the connection ends without its end.
            raise StoreError(f"the file {document_id} expired while it was read")

    def _packed_piece(self, document_id: str, at: int) -> bytes:
        piece = select(func.substr(document.c.content, at, PACKED_BYTES)).where(document.c.id == document_id)
        packed: bytes | None = self._database.read(lambda connection: connection.scalar(piece))
        return packed or b""

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
