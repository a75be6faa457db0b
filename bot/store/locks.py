"""Locks between processes that write to one PostgreSQL side by side.

    every write ──► shared lock of all lines ──► what it does ──► lock of one channel, where it matters
    a sweep     ──► the lock of all lines alone: nothing else is under way

A line is what waits in one channel. Whoever adds to a line or takes from it holds the
channel's lock, so that two processes never both see it as free, or both as empty. The
order is the same everywhere, so nobody waits in a circle. All of them end with the
transaction. On SQLite the only writer is a lock already, and nothing here does anything.
"""

from __future__ import annotations

import zlib
from collections.abc import Callable, Mapping
from typing import Any, TypeVar

from sqlalchemy import Connection, Select, func, select

T = TypeVar("T")

# Any numbers, as long as nothing else in the same database takes them: the letters of "kbd" as bytes.
_LINES = 0x6B6264
# How often a claim looks again at once. After that the next look is soon enough.
LOOKS = 3

side_by_side = select(func.pg_advisory_xact_lock_shared(_LINES))
alone = select(func.pg_advisory_xact_lock(_LINES))


class ChannelTaken(Exception):
    """Another process took something of the same channel at the same moment. Look again."""


def hold_channel(connection: Connection, channel: str) -> None:
    """Lock a channel's queues until the transaction ends: nobody else adds to them or claims from them."""
    if _is_shared(connection):
        number = zlib.crc32(channel.encode()) - 2**31
        connection.execute(select(func.pg_advisory_xact_lock(_LINES, number)))


def refuse_rivals(
    connection: Connection, channel: str, rivals: Select[Any], values: Mapping[str, Any]
) -> None:
    """Hold the channel of what was just claimed.

    `rivals` asks whether something else of the channel is claimed by now, or should have
    been first: what another process had locked at that moment was passed over.

    Raises:
        ChannelTaken: so it is, and this claim must not be committed.
    """
    if _is_shared(connection):
        hold_channel(connection, channel)
        if connection.scalar(rivals, values):
            raise ChannelTaken(channel)


def first_not_taken(claim: Callable[[], T | None]) -> T | None:
    """Repeat a claim that met others, `LOOKS` times at most; None: nothing to be had now."""
    for _ in range(LOOKS):
        try:
            return claim()
        except ChannelTaken:
            continue
    return None


def _is_shared(connection: Connection) -> bool:
    return connection.dialect.name == "postgresql"
