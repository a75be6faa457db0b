"""Dead letters: messages and replies that were given up, with the reason, until somebody replays them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

from sqlalchemy import Connection, Table, select, true, update

from bot.domain import Answer, Clock, message_from_json, reply_from_json
from bot.store.database import Database
from bot.store.tables import inbox, outbox

Kind = Literal["message", "delivery"]


@dataclass(frozen=True, slots=True)
class Letter:
    """`text` is what was asked (a message) or would have been said (a delivery)."""

    kind: Kind
    id: int
    channel: str
    text: str
    reason: str
    attempts: int
    died_at: datetime


class Letters:
    """`on_work` is called when a replay lets something be claimed."""

    def __init__(self, database: Database, clock: Clock, *, on_work: Callable[[], None]) -> None:
        self._database = database
        self._clock = clock
        self._on_work = on_work

    def newest(self, limit: int) -> tuple[Letter, ...]:
        """The newest dead letters of both kinds, newest first."""

        def work(connection: Connection) -> list[Letter]:
            messages = connection.execute(_dead(inbox, limit)).all()
            deliveries = connection.execute(_dead(outbox, limit)).all()
            return [
                *(_letter("message", row, _question(row.message)) for row in messages),
                *(_letter("delivery", row, _words(row.reply)) for row in deliveries),
            ]

        letters = self._database.read(work)
        return tuple(sorted(letters, key=lambda letter: letter.died_at, reverse=True)[:limit])

    def replay(self, kind: Kind, number: int) -> bool:
        """Try a dead letter again from the start; False when it is not dead (any more)."""
        table = inbox if kind == "message" else outbox
        return self._revive({table: table.c.id == number}) > 0

    def replay_all(self) -> int:
        """Try everything again, and say how much that was."""
        return self._revive({inbox: true(), outbox: true()})

    def _revive(self, which: dict[Table, Any]) -> int:
        def work(connection: Connection) -> int:
            return sum(self._revive_in(connection, table, wanted) for table, wanted in which.items())

        revived = self._database.write(work)
        if revived:
            self._on_work()
        return revived

    def _revive_in(self, connection: Connection, table: Table, wanted: Any) -> int:
        # Due at once but not at the head of its channel: it is old, and holds up nobody.
        state = "retrying" if table is inbox else "waiting"
        return connection.execute(
            update(table)
            .where(table.c.ended_at.is_not(None), table.c.state == "dead", wanted)
            .values(state=state, failures=0, attempt=0, due_at=self._clock.steady(), ended_at=None)
        ).rowcount


def _dead(table: Table, limit: int) -> Any:
    return (
        select(table)
        .where(table.c.ended_at.is_not(None), table.c.state == "dead")
        .order_by(table.c.ended_at.desc(), table.c.id.desc())
        .limit(limit)
    )


def _letter(kind: Kind, row: Any, text: str) -> Letter:
    return Letter(kind, row.id, row.channel, text, row.reason or "", row.attempt, row.ended_at)


def _question(stored: str) -> str:
    try:
        return message_from_json(stored).text
    except ValueError:
        # It may be dead for this very reason.
        return ""


def _words(stored: str) -> str:
    try:
        reply = reply_from_json(stored)
    except ValueError:
        return ""
    return reply.question if isinstance(reply, Answer) else reply.body
