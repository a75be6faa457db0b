"""What keeps claims apart where several processes write: on PostgreSQL, a lock for the transaction.

On SQLite the only writer is a lock already.
"""

from __future__ import annotations

from sqlalchemy import Connection, func, select

# Any number, as long as nothing else in the same database takes it: the letters of "kbd" as bytes.
_CLAIMS = 0x6B6264


def one_claim_at_a_time(connection: Connection) -> None:
    """Two claims at once could each see a channel as free and take two items of it."""
    if connection.dialect.name == "postgresql":
        connection.execute(select(func.pg_advisory_xact_lock(_CLAIMS)))
