"""Claiming replies: the oldest that is due, of a channel where nothing is being sent."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

from sqlalchemy import Connection, Row, Select, and_, bindparam, func, or_, select, update

from bot.store.lease import LEASE_SECONDS
from bot.store.locks import refuse_rivals
from bot.store.prepared_statement import Prepared
from bot.store.tables import outbox

is_open = outbox.c.ended_at.is_(None)
is_waiting = and_(is_open, outbox.c.state == "waiting")
is_sending = and_(is_open, outbox.c.state == "sending")
_other = outbox.alias("other")
_is_free = outbox.c.channel.not_in(
    select(_other.c.channel).where(_other.c.ended_at.is_(None), _other.c.state == "sending")
)


@lru_cache
def _claim(without: frozenset[str]) -> Any:
    """The oldest that is due, of a channel that is free and of none of these platforms."""
    candidate = (
        select(outbox.c.id)
        .where(is_waiting, outbox.c.due_at <= bindparam("now"), _is_free, *_not_of(without))
        .order_by(outbox.c.id)
        .limit(1)
        .with_for_update(skip_locked=True)
    )
    return (
        update(outbox)
        .where(outbox.c.id == candidate.scalar_subquery())
        .values(
            state="sending",
            lease=outbox.c.lease + 1,
            lease_until=bindparam("until"),
            attempt=outbox.c.attempt + 1,
        )
        .returning(
            outbox.c.id,
            outbox.c.channel,
            outbox.c.envelope,
            outbox.c.reply,
            outbox.c.lease,
            outbox.c.attempt,
            outbox.c.created_at,
            outbox.c.uncertain,
            outbox.c.item_id,
        )
    )


def next_reply_due(without: frozenset[str]) -> Select[tuple[float | None]]:
    """Selects when the next reply of a free channel is due, of none of these platforms."""
    return select(func.min(outbox.c.due_at)).where(is_waiting, _is_free, *_not_of(without))


def _not_of(platforms: frozenset[str]) -> list[Any]:
    """A channel's key begins with its platform's name."""
    return [~outbox.c.channel.startswith(f"{name}:", autoescape=True) for name in sorted(platforms)]


_in_room = outbox.c.channel == bindparam("room")
_rivals = select(
    or_(
        select(1).where(is_sending, _in_room, outbox.c.id != bindparam("mine")).exists(),
        select(1)
        .where(is_waiting, _in_room, outbox.c.due_at <= bindparam("now"), outbox.c.id < bindparam("mine"))
        .exists(),
    )
)
_is_busy = Prepared(
    select(
        or_(
            select(1).where(is_sending, _in_room).exists(),
            select(1).where(is_waiting, _in_room, outbox.c.due_at <= bindparam("now")).exists(),
        )
    )
)
# Asked by itself and not in the RETURNING of a claim: SQLAlchemy leaves the names of tables out there for
# SQLite, so a condition between two tables would be one of a table with itself.
_is_answered = Prepared(
    select(select(1).where(outbox.c.item_id == bindparam("item"), outbox.c.state == "delivered").exists())
)
_others_wait = Prepared(select(select(1).where(is_waiting, _in_room).exists()))


def claim_next(connection: Connection, now: float, without: frozenset[str]) -> tuple[Row[Any], bool] | None:
    """Claim it, of none of the platforms `without`, and say whether it follows another reply.

    None when nothing is due.

    Raises:
        ChannelTaken: another process took something of the same channel.
    """
    row = connection.execute(_claim(without), {"now": now, "until": now + LEASE_SECONDS}).one_or_none()
    if row is None:
        return None
    values = {"room": row.channel, "mine": row.id, "now": now}
    refuse_rivals(connection, row.channel, _rivals, values)
    return row, is_answered(connection, row.item_id)


def is_busy(connection: Connection, room: str, now: float) -> bool:
    """Whether something of this channel is being sent, or due."""
    return bool(_is_busy.run(connection, {"room": room, "now": now}))


def has_waiting(connection: Connection, room: str) -> bool:
    """Whether something of this channel waits, due or not."""
    return bool(_others_wait.run(connection, {"room": room}))


def is_answered(connection: Connection, item_id: int) -> bool:
    """Whether a reply to this message has gone out already."""
    return bool(_is_answered.run(connection, {"item": item_id}))
