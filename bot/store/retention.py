"""Forgets what is old: messages, replies, questions and what could not be understood.

Settings and their changes stay: they are few, and the team's own record. Nothing that
is still to be done is ever forgotten, however old.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from sqlalchemy import Connection, Table, delete, func, select

from bot.domain import Clock
from bot.store.database import Database
from bot.store.tables import (
    asked,
    console_question,
    document,
    gap_decision,
    inbox,
    label,
    message_key,
    outbox,
    proposal,
    quarantine,
    review_item,
)

# A platform may send a message again that late; without its key it would be answered again.
KEY_SECONDS = 72 * 3600.0
# Small pieces, because acknowledgements wait behind each of them.
PIECE = 200


class Retention:
    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    def sweep(self, days: int) -> int:
        """Forget what is older than `days`, and say how many rows that was."""
        kept = timedelta(days=days)
        before = self._clock.now() - kept
        # Not the time on the wall: setting that ahead must not open the door to repeats.
        keys_before = self._clock.steady() - max(kept.total_seconds(), KEY_SECONDS)
        old = {
            inbox: (inbox.c.ended_at.is_not(None), inbox.c.state.in_(_DONE), inbox.c.ended_at < before),
            outbox: (outbox.c.ended_at.is_not(None), outbox.c.state.in_(_DONE), outbox.c.ended_at < before),
            asked: (asked.c.asked_at < before,),
            # Imported labels were chosen to be kept, and hold nobody's questions but the importer's.
            label: (label.c.made_at < before, label.c.source != "import"),
            review_item: (review_item.c.made_at < before,),
            gap_decision: (gap_decision.c.made_at < before,),
            # What was taught stays in the knowledge base, and can be taken back as long as it does.
            proposal: (
                func.coalesce(proposal.c.decided_at, proposal.c.made_at) < before,
                proposal.c.state != "accepted",
            ),
            console_question: (console_question.c.asked_at < before,),
            document: (document.c.expires_at < self._clock.now(),),
            quarantine: (quarantine.c.received_at < before,),
            message_key: (message_key.c.seen_at < keys_before,),
        }
        return sum(self._forget(table, conditions) for table, conditions in old.items())

    def _forget(self, table: Table, conditions: tuple[Any, ...]) -> int:
        names = tuple(table.primary_key.columns)
        piece = select(*names).where(*conditions).limit(PIECE)

        def work(connection: Connection) -> int:
            rows = connection.execute(piece).all()
            for row in rows:
                connection.execute(delete(table).where(*(name == row[at] for at, name in enumerate(names))))
            return len(rows)

        forgotten = 0
        while count := self._database.write(work):
            forgotten += count
        return forgotten


_DONE = ("answered", "throttled", "delivered", "dead")
