"""Deliveries as rows of the outbox: put in line, and read back."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from pydantic import TypeAdapter
from sqlalchemy import Connection, Row, bindparam, insert, select

from bot.domain import (
    Answer,
    Channel,
    Clock,
    Delivery,
    IncomingMessage,
    Person,
    Reply,
    reply_from_json,
    reply_to_json,
)
from bot.store.channel_pauses import pause_end
from bot.store.lease import LEASE_SECONDS
from bot.store.locks import hold_channel
from bot.store.outbox_claims import is_answered, is_busy
from bot.store.tables import inbox, outbox


@dataclass(frozen=True, slots=True)
class _Envelope:
    channel: Channel
    address: Mapping[str, str]
    person: Person | None = None


_envelope = TypeAdapter(_Envelope)
_received_at = select(inbox.c.received_at).where(
    inbox.c.id == select(outbox.c.item_id).where(outbox.c.id == bindparam("delivery")).scalar_subquery()
)


def put(
    connection: Connection,
    clock: Clock,
    message: IncomingMessage,
    item_id: int,
    replies: tuple[Reply, ...],
) -> tuple[Delivery, ...]:
    """Add replies to a message. The first comes back claimed if its channel is free.

    The others wait their turn: two of one channel are never under way at once.
    """
    if not replies:
        return ()
    now = clock.steady()
    room = message.channel.key
    hold_channel(connection, room)
    due_at = max(now, pause_end(connection, message.channel))
    is_free = due_at == now and not is_busy(connection, room, now)
    envelope = _Envelope(message.channel, message.address, message.person)
    decided_at = clock.now()
    common = {
        "item_id": item_id,
        "channel": room,
        "envelope": _envelope.dump_json(envelope).decode(),
        "created_at": decided_at,
        "due_at": due_at,
        "failures": 0,
        "uncertain": False,
    }
    is_follow_up = is_free and is_answered(connection, item_id)
    claimed: list[Delivery] = []
    for reply in replies:
        is_ours = is_free and not claimed
        values = common | {
            "state": "sending" if is_ours else "waiting",
            "reply": reply_to_json(reply),
            "answer_id": reply.id if isinstance(reply, Answer) else None,
            "lease": int(is_ours),
            "lease_until": now + LEASE_SECONDS if is_ours else None,
            "attempt": int(is_ours),
        }
        row = connection.execute(insert(outbox).values(values))
        if is_ours:
            primary_key = row.inserted_primary_key
            if primary_key is None:
                raise AssertionError("a row without an id; this is a bug")
            claimed.append(
                Delivery(
                    id=primary_key[0],
                    channel=message.channel,
                    address=message.address,
                    reply=reply,
                    lease=1,
                    attempt=1,
                    decided_at=decided_at,
                    person=message.person,
                    is_follow_up=is_follow_up,
                )
            )
    return tuple(claimed)


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
    """How long ago the message was accepted that this delivery answers; None when it is forgotten."""
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
