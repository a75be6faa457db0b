"""What was authentic and could not be understood, for a person to look at. Written by the inbox."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select

from bot.store.database import Database
from bot.store.tables import quarantine


@dataclass(frozen=True, slots=True)
class PutAside:
    """`body` is the request as text, without what would let its reader act as somebody else."""

    id: int
    platform: str
    tenant: str
    reason: str
    body: str
    received_at: datetime


class Quarantine:
    """Requests that were put aside, readable by operators alone."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def newest(self, limit: int) -> tuple[PutAside, ...]:
        """At most `limit`, newest first."""
        query = select(quarantine).order_by(quarantine.c.id.desc()).limit(limit)
        rows = self._database.read(lambda connection: connection.execute(query).all())
        return tuple(
            PutAside(row.id, row.platform, row.tenant, row.reason, row.body, row.received_at) for row in rows
        )
