"""The progress of a message's answer, for platforms that poll for it.

    waiting, held ──collect──► delivered        (the answer goes out with the asker's response)
                  ──its time comes──► claimed   (nobody asked in time, see outbox.py)

Whichever of the two happens first decides, so no reply goes both ways.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from sqlalchemy import Connection, select, update

from bot.domain import Clock, Delivery, IncomingMessage, MessageKey, Reply, message_from_json
from bot.domain.pipeline import IN_RESPONSE
from bot.store.database import Database
from bot.store.delivery_rows import another_part, delivery_of, seconds_since_accepted
from bot.store.tables import inbox, message_key, outbox


@dataclass(frozen=True, slots=True)
class StoredReply:
    """One reply of the message: `state` is the outbox's, `receipt` says which way it went."""

    delivery: Delivery
    state: str
    receipt: str

    @property
    def reply(self) -> Reply:
        return self.delivery.reply


@dataclass(frozen=True, slots=True)
class MessageProgress:
    """`state` is the inbox's; `replies` are in the order they were decided."""

    item_id: int
    state: str
    message: IncomingMessage
    replies: tuple[StoredReply, ...]


class ReplyProgress:
    """Finds and hands out replies by the message they answer. Any process may ask.

    `on_work` is called after a commit that lets something be claimed, `on_delivered` as in `Outbox`.
    """

    def __init__(
        self,
        database: Database,
        clock: Clock,
        *,
        on_work: Callable[[], None],
        on_delivered: Callable[[float], object] = lambda _: None,
    ) -> None:
        self._database = database
        self._clock = clock
        self._on_work = on_work
        self._on_delivered = on_delivered

    def progress(self, platform: str, tenant: str, key: MessageKey) -> MessageProgress | None:
        """The progress of a message; None where it was never accepted, or retention has deleted it."""
        known = select(message_key.c.item_id).where(
            message_key.c.platform == platform,
            message_key.c.tenant == tenant,
            message_key.c.kind == key.kind,
            message_key.c.id == key.id,
        )
        query = select(inbox.c.id, inbox.c.state, inbox.c.message).where(
            inbox.c.id == known.scalar_subquery()
        )
        rows = select(outbox).where(outbox.c.item_id == known.scalar_subquery()).order_by(outbox.c.id)

        def work(connection: Connection) -> MessageProgress | None:
            item = connection.execute(query).one_or_none()
            if item is None:
                return None
            replies = tuple(
                StoredReply(delivery_of(row), row.state, row.receipt or "")
                for row in connection.execute(rows)
            )
            return MessageProgress(item.id, item.state, message_from_json(item.message), replies)

        return self._database.read(work)

    def confirm(self, delivery_id: int, receipt: str) -> bool:
        """Show a reply that is stored as gone with a response; False when that was taken back meanwhile.

        Where the store was silent for too long, its response went without it, and a worker is about to
        take it back (see `Outbox.take_back`): from now on it does not, and nobody sees it twice.
        """
        is_carried = outbox.c.id == delivery_id, outbox.c.receipt == IN_RESPONSE
        shown = update(outbox).where(*is_carried).values(receipt=receipt)
        return self._database.write(lambda connection: connection.execute(shown).rowcount) == 1

    def collect(self, delivery_id: int, receipt: str, *, rest: Mapping[str, str] | None = None) -> bool:
        """Mark a waiting reply as delivered because it goes out now; False when somebody else has it.

        Other replies to the same message no longer wait to be asked for: there is one
        answer to ask for. `rest` as in `Outbox.complete`.
        """
        now, at = self._clock.steady(), self._clock.now()

        def work(connection: Connection) -> tuple[bool, float | None]:
            is_waiting = outbox.c.ended_at.is_(None), outbox.c.state == "waiting"
            taken = connection.execute(
                update(outbox)
                .where(outbox.c.id == delivery_id, *is_waiting)
                .values(state="delivered", receipt=receipt, ended_at=at, reason=None)
            ).rowcount
            if not taken:
                return False, None
            item_id = connection.scalar(select(outbox.c.item_id).where(outbox.c.id == delivery_id))
            connection.execute(
                update(outbox)
                .where(outbox.c.item_id == item_id, *is_waiting, outbox.c.due_at > now)
                .values(due_at=now)
            )
            if rest is not None:
                another_part(connection, self._clock, delivery_id, rest)
            return True, seconds_since_accepted(connection, self._clock, delivery_id)

        is_ours, seconds = self._database.write(work)
        if is_ours:
            self._on_work()
        if seconds is not None:
            self._on_delivered(seconds)
        return is_ours
