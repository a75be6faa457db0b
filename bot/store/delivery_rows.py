"""Deliveries as rows of the outbox: put in line, and read back."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Protocol

from pydantic import TypeAdapter
from sqlalchemy import Connection, Row, bindparam, insert, select

from bot.domain import (
    Answer,
    Channel,
    Clock,
    Delivery,
    InboxItem,
    IncomingMessage,
    Person,
    Reply,
    reply_from_json,
    reply_to_json,
)
from bot.domain.pipeline import IN_RESPONSE
from bot.store.channel_pauses import pause_end
from bot.store.lease import LEASE_SECONDS
from bot.store.locks import hold_channel
from bot.store.outbox_claims import is_answered, is_busy
from bot.store.prepared_statement import Prepared
from bot.store.tables import inbox, outbox


@dataclass(frozen=True, slots=True)
class _Envelope:
    channel: Channel
    address: Mapping[str, str]
    person: Person | None = None


_envelope = TypeAdapter(_Envelope)
_insert = Prepared(
    insert(outbox).values(failures=0, uncertain=False).returning(outbox.c.id),
    columns=(
        "item_id",
        "channel",
        "envelope",
        "reply",
        "answer_id",
        "created_at",
        "due_at",
        "state",
        "lease",
        "lease_until",
        "attempt",
        "receipt",
        "ended_at",
    ),
)
_WAITING: dict[str, Any] = {
    "state": "waiting",
    "lease": 0,
    "lease_until": None,
    "attempt": 0,
    "receipt": None,
    "ended_at": None,
}
_CLAIMED = {**_WAITING, "state": "sending", "lease": 1, "attempt": 1}
_CARRIED = {**_CLAIMED, "state": "delivered", "receipt": IN_RESPONSE}
_received_at = select(inbox.c.received_at).where(
    inbox.c.id == select(outbox.c.item_id).where(outbox.c.id == bindparam("delivery")).scalar_subquery()
)


class Response(Protocol):
    """A request that waits for the first reply to its message, and can carry it in its response."""

    def carries(self, delivery: Delivery) -> bool:
        """Whether it can carry this one; asked before it is stored, so `id` and `lease` mean nothing yet."""
        ...

    def rest_of(self, delivery: Delivery) -> Mapping[str, str] | None:
        """The part that it cannot carry, see `Outbox.complete`; None when it carries the whole."""
        ...

    def deliver(self, delivery: Delivery) -> None:
        """Send it: it is stored as delivered."""
        ...


@dataclass(frozen=True, slots=True)
class Stored:
    """The result of storing an item's replies, of which at most one is claimed, or carried by the response.

    `leaves_more`: some wait that can be claimed. `is_dead`: the item was given up.
    """

    claimed: tuple[Delivery, ...] = ()
    carried: Delivery | None = None
    leaves_more: bool = False
    is_dead: bool = False


class Replies:
    """The replies to one item, decided now. Made before the transaction that stores them.

    What a platform makes of a reply takes its time, and nobody else may wait for it.
    """

    def __init__(
        self, item: InboxItem, replies: Sequence[Reply], clock: Clock, response: Response | None
    ) -> None:
        self._item_id = item.id
        self._clock = clock
        self._deliveries = [_draft(item.message, reply, clock.now()) for reply in replies]
        self._is_carried = False
        self._rest: Mapping[str, str] | None = None
        if response is not None and self._deliveries:
            self._is_carried = response.carries(self._deliveries[0])
            if self._is_carried:
                self._rest = response.rest_of(self._deliveries[0])

    def put(self, connection: Connection) -> Stored:
        """Put them in line. The first is claimed or carried, if its channel is free.

        The others wait their turn: two of one channel are never under way at once.
        """
        if not self._deliveries:
            return Stored()
        now, first = self._clock.steady(), self._deliveries[0]
        room = first.channel.key
        hold_channel(connection, room)
        due_at = max(now, pause_end(connection, first.channel))
        is_free = due_at == now and not is_busy(connection, room, now)
        if not is_free:
            way = _WAITING
        elif self._is_carried:
            way = _CARRIED | {"ended_at": first.decided_at}
        else:
            way = _CLAIMED | {"lease_until": now + LEASE_SECONDS}
        first_id = self._insert(connection, first, way | {"due_at": due_at})
        for other in self._deliveries[1:]:
            self._insert(connection, other, _WAITING | {"due_at": due_at})
        if not is_free:
            return Stored(leaves_more=True)
        if not self._is_carried:
            is_follow_up = is_answered(connection, self._item_id)
            claimed = replace(first, id=first_id, lease=1, attempt=1, is_follow_up=is_follow_up)
            return Stored(claimed=(claimed,))
        if self._rest is not None:
            another_part(connection, self._clock, first_id, self._rest)
        leaves_more = self._rest is not None or len(self._deliveries) > 1
        return Stored(carried=replace(first, id=first_id), leaves_more=leaves_more)

    def _insert(self, connection: Connection, delivery: Delivery, values: Mapping[str, Any]) -> int:
        reply = delivery.reply
        envelope = _Envelope(delivery.channel, delivery.address, delivery.person)
        row = {
            "item_id": self._item_id,
            "channel": delivery.channel.key,
            "envelope": _envelope.dump_json(envelope).decode(),
            "reply": reply_to_json(reply),
            "answer_id": reply.id if isinstance(reply, Answer) else None,
            "created_at": delivery.decided_at,
        }
        inserted: int = _insert.run(connection, {**row, **values})
        return inserted


def _draft(message: IncomingMessage, reply: Reply, decided_at: datetime) -> Delivery:
    return Delivery(
        id=0,
        channel=message.channel,
        address=message.address,
        reply=reply,
        lease=0,
        attempt=0,
        decided_at=decided_at,
        person=message.person,
    )


def another_part(connection: Connection, clock: Clock, delivery_id: int, rest: Mapping[str, str]) -> None:
    """Put the reply of this delivery in line once more, with `rest` added to its address."""
    row = connection.execute(select(outbox).where(outbox.c.id == delivery_id)).one()
    envelope = _envelope.validate_json(row.envelope)
    part = _Envelope(envelope.channel, {**envelope.address, **rest}, envelope.person)
    connection.execute(
        insert(outbox).values(
            item_id=row.item_id,
            channel=row.channel,
            envelope=_envelope.dump_json(part).decode(),
            reply=row.reply,
            answer_id=row.answer_id,
            state="waiting",
            created_at=row.created_at,
            due_at=max(clock.steady(), pause_end(connection, envelope.channel)),
            lease=0,
            attempt=0,
            failures=0,
            uncertain=False,
        )
    )


def seconds_since_accepted(connection: Connection, clock: Clock, delivery_id: int) -> float | None:
    """The age in seconds of the message that a delivery answers; None when retention has deleted it."""
    received_at = connection.scalar(_received_at, {"delivery": delivery_id})
    return None if received_at is None else max(0.0, (clock.now() - received_at).total_seconds())


def delivery_of(row: Row[Any], *, is_follow_up: bool = False) -> Delivery:
    envelope = _envelope.validate_json(row.envelope)
    return Delivery(
        id=row.id,
        channel=envelope.channel,
        address=envelope.address,
        reply=reply_from_json(row.reply),
        lease=row.lease,
        attempt=row.attempt,
        decided_at=row.created_at,
        person=envelope.person,
        uncertain=row.uncertain,
        is_follow_up=is_follow_up,
    )
