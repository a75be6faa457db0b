"""Claiming messages: the oldest that is due, of a channel where nothing is under work.

An item that is parked, retrying or awaiting is taken before the later ones of its channel once
it is due, and does not hold them up until then.
"""

from __future__ import annotations

from collections.abc import Iterable
from enum import StrEnum
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    FromClause,
    Row,
    Select,
    and_,
    bindparam,
    case,
    false,
    func,
    or_,
    select,
    true,
    union_all,
    update,
)

from bot.store.lease import LEASE_SECONDS
from bot.store.locks import refuse_rivals
from bot.store.prepared_statement import Prepared
from bot.store.tables import inbox


class Place(StrEnum):
    """The position of a message in the queue of its channel."""

    FREE = "free"  # it may be worked on at once
    NEXT = "next"  # it is the head, and something of its channel is under work, or due before it
    BEHIND = "behind"  # others have been received before it


POSTPONED = ("parked", "retrying", "awaiting")
WAITING = ("received", *POSTPONED)


def _is_one_of(rows: FromClause, states: Iterable[str]) -> ColumnElement[bool]:
    return or_(*(rows.c.state == state for state in states))


is_open = inbox.c.ended_at.is_(None)
is_postponed = and_(is_open, inbox.c.state.in_(POSTPONED))
_other = inbox.alias("other")
_mate = inbox.alias("mate")
_is_free = inbox.c.channel.not_in(
    select(_other.c.channel).where(_other.c.ended_at.is_(None), _other.c.state == "claimed")
)
# However many items of a flooding channel wait, only its head is looked at, so that looking
# for work takes as long as there are channels under work, not as long as the line is.
_is_head = and_(is_open, inbox.c.is_head == true())
is_first_received = and_(
    _mate.c.ended_at.is_(None), _mate.c.channel == bindparam("room"), _mate.c.state == "received"
)
_first_head = select(inbox.c.id).where(_is_head, _is_free)
_first_due = select(inbox.c.id).where(is_postponed, inbox.c.due_at <= bindparam("now"), _is_free)
_candidates = union_all(
    *(
        select(found.order_by(inbox.c.id).limit(1).with_for_update(skip_locked=True).subquery().c.id)
        for found in (_first_head, _first_due)
    )
).subquery()
_claim = (
    update(inbox)
    .where(inbox.c.id == select(func.min(_candidates.c.id)).scalar_subquery(), inbox.c.state.in_(WAITING))
    .values(
        state="claimed",
        is_head=false(),
        lease=inbox.c.lease + 1,
        lease_until=bindparam("until"),
        attempt=inbox.c.attempt + 1,
    )
    .returning(
        inbox.c.id, inbox.c.channel, inbox.c.message, inbox.c.lease, inbox.c.attempt, inbox.c.told_waiting
    )
)
_rivals = select(
    select(1)
    .where(
        is_open,
        inbox.c.channel == bindparam("room"),
        or_(
            and_(inbox.c.state == "claimed", inbox.c.id != bindparam("mine")),
            and_(inbox.c.is_head == true(), inbox.c.id < bindparam("mine")),
        ),
    )
    .exists()
)
_next_head = (
    update(inbox)
    .where(inbox.c.id == select(func.min(_mate.c.id)).where(is_first_received).scalar_subquery())
    .values(is_head=true())
)
_soonest = union_all(
    select(func.min(inbox.c.due_at).label("due_at")).where(_is_head, _is_free),
    select(func.min(inbox.c.due_at)).where(is_postponed, _is_free),
).subquery()


_of_room = and_(_mate.c.ended_at.is_(None), _mate.c.channel == bindparam("room"))
_place = Prepared(
    select(
        case(
            (select(1).where(is_first_received).exists(), Place.BEHIND.value),
            (select(1).where(_of_room, _mate.c.state == "claimed").exists(), Place.NEXT.value),
            (
                select(1)
                .where(_of_room, _is_one_of(_mate, POSTPONED), _mate.c.due_at <= bindparam("now"))
                .exists(),
                Place.NEXT.value,
            ),
            else_=Place.FREE.value,
        )
    )
)
_has_waiting = Prepared(select(select(1).where(_of_room, _is_one_of(_mate, WAITING)).exists()))


def next_message_due() -> Select[tuple[float | None]]:
    """Selects when the next message of a free channel is due."""
    return select(func.min(_soonest.c.due_at))


def claim_next(connection: Connection, now: float) -> Row[Any] | None:
    """Claim it and make the next one of its channel the head; None when nothing is due.

    Raises:
        ChannelTaken: another process took something of the same channel.
    """
    row = connection.execute(_claim, {"now": now, "until": now + LEASE_SECONDS}).one_or_none()
    if row is not None:
        refuse_rivals(connection, row.channel, _rivals, {"room": row.channel, "mine": row.id})
        connection.execute(_next_head, {"room": row.channel})
    return row


def place_of(connection: Connection, room: str, now: float) -> Place:
    """The position of a message received now in the queue of its channel, whose lock the caller holds."""
    return Place(_place.run(connection, {"room": room, "now": now}))


def has_waiting(connection: Connection, room: str) -> bool:
    """Whether a message of this channel waits to be claimed, now or later."""
    return bool(_has_waiting.run(connection, {"room": room}))


def set_heads(connection: Connection) -> None:
    """The first received item of every channel is its head."""
    is_received = and_(_mate.c.ended_at.is_(None), _mate.c.state == "received")
    firsts = select(func.min(_mate.c.id)).where(is_received).group_by(_mate.c.channel)
    connection.execute(update(inbox).where(inbox.c.id.in_(firsts)).values(is_head=true()))
