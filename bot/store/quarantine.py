"""The quarantine: authentic requests that could not be understood, for a person to look at."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import insert, select

from bot.domain import Clock
from bot.store.database import Database
from bot.store.tables import quarantine

# Enough to see what it was.
LONGEST_BODY = 64_000


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
    """The quarantined requests, readable by operators alone."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    def put_aside(self, platform: str, tenant: str, reason: str, body: str) -> None:
        """Keep a request; on return it survives a power cut. Raises StoreError."""
        values = {
            "platform": platform,
            "tenant": tenant,
            "reason": reason,
            "body": body[:LONGEST_BODY],
            "received_at": self._clock.now(),
        }
        self._database.write(lambda connection: connection.execute(insert(quarantine), values))

    def newest(self, limit: int) -> tuple[PutAside, ...]:
        """The newest requests, at most `limit`, newest first."""
        query = select(quarantine).order_by(quarantine.c.id.desc()).limit(limit)
        rows = self._database.read(lambda connection: connection.execute(query).all())
        return tuple(
            PutAside(row.id, row.platform, row.tenant, row.reason, row.body, row.received_at) for row in rows
        )
