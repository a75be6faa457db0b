"""The due time of the next piece of work, of inbox and outbox in one query.

A worker looks each time it wakes, several times for each message; a look apart for each queue, and
one more before the sleep, was a third of what a command cost.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from sqlalchemy import select

from bot.store.database import Database
from bot.store.inbox_claims import next_message_due
from bot.store.outbox_claims import next_reply_due


@dataclass(frozen=True, slots=True)
class Due:
    """The due times of the next message and the next reply of a free channel: steady seconds, or None."""

    message: float | None
    reply: float | None

    @property
    def soonest(self) -> float | None:
        return min((due for due in (self.message, self.reply) if due is not None), default=None)


class DueLookup:
    """The look-up of due times, by an index of each queue; claims nothing."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def look(self, without: Collection[str] = ()) -> Due:
        """Look up what is due next; of the replies, none to the platforms `without`.

        Raises:
            StoreError: the database does not say.
        """
        query = _both(frozenset(without))
        row = self._database.read(lambda connection: connection.execute(query).one())
        return Due(row.message, row.reply)


@lru_cache
def _both(without: frozenset[str]) -> Any:
    return select(
        next_message_due().scalar_subquery().label("message"),
        next_reply_due(without).scalar_subquery().label("reply"),
    )
