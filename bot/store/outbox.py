"""The durable outbox: every reply is written down before it is sent.

    waiting ──claim──► sending ──delivered──► delivered
       ▲                  │
       ├─ failed, release,┤
       │  hold            │
       └─ rescue ─────────┴─ permanent, or too often ──► dead ──replay──► waiting

A reply may be sent twice when a crash hides whether the first one arrived (`uncertain`
then says so); it is never decided twice. Within a channel the oldest delivery goes first
and never two go at once: one that failed, or a platform that asks for time, pauses the whole
channel, so that nothing overtakes it.
Nothing here knows how a reply looks.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from datetime import timedelta
from functools import lru_cache
from typing import Any

from pydantic import TypeAdapter
from sqlalchemy import (
    Connection,
    Row,
    Select,
    and_,
    bindparam,
    exists,
    func,
    insert,
    literal,
    or_,
    select,
    union_all,
    update,
)

from bot.domain import (
    Answer,
    Channel,
    Clock,
    Delivery,
    IncomingMessage,
    Person,
    PlatformError,
    Reply,
    reply_from_json,
    reply_to_json,
)
from bot.store.database import Database
from bot.store.lease import Lease
from bot.store.locks import first_not_taken, hold_channel, refuse_rivals
from bot.store.tables import channel_pause, inbox, outbox

LEASE_SECONDS = 30.0
# How long to wait after the first, second, … failure; after one more it is a dead letter.
# Together more than an hour, so that an outage of an hour gives nothing up; never long apart, because
# what comes later in the channel waits behind it.
BACKOFF_SECONDS = (0.0, 2.0, 10.0, 30.0, 60.0, 120.0, *[300.0] * 12)
JITTER = 0.2
# A reply that goes out this long after it was decided had to wait; where others wait behind it, they
# leave one after the other, at the slowest rate that a platform allows one room (20 a minute).
LATE = timedelta(seconds=5)
LATE_APART_SECONDS = 3.0
# A platform's own wish wins over the table, but not for longer than this; one that cannot
# be understood counts as this default.
LONGEST_PAUSE_SECONDS = 900.0
DEFAULT_PAUSE_SECONDS = 30.0
# No due time is ever set further ahead than this.
_HORIZON_SECONDS = max(BACKOFF_SECONDS) * (1 + JITTER)


@dataclass(frozen=True, slots=True)
class _Envelope:
    channel: Channel
    address: Mapping[str, str]
    person: Person | None = None


_envelope = TypeAdapter(_Envelope)

_is_open = outbox.c.ended_at.is_(None)
_is_waiting = and_(_is_open, outbox.c.state == "waiting")
_is_sending = and_(_is_open, outbox.c.state == "sending")
_other = outbox.alias("other")
_is_free = outbox.c.channel.not_in(
    select(_other.c.channel).where(_other.c.ended_at.is_(None), _other.c.state == "sending")
)
_same_message = outbox.alias("same_message")


@lru_cache
def _claim(without: frozenset[str]) -> Any:
    """The oldest that is due, of a channel that is free and of none of these platforms."""
    candidate = (
        select(outbox.c.id)
        .where(_is_waiting, outbox.c.due_at <= bindparam("now"), _is_free, *_not_of(without))
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
            select(1)
            .where(_same_message.c.item_id == outbox.c.item_id, _same_message.c.state == "delivered")
            .exists()
            .label("is_follow_up"),
        )
    )


def next_reply_due(without: frozenset[str]) -> Select[tuple[float | None]]:
    """Selects when the next reply of a free channel is due, of none of these platforms."""
    return select(func.min(outbox.c.due_at)).where(_is_waiting, _is_free, *_not_of(without))


def _not_of(platforms: frozenset[str]) -> list[Any]:
    """A channel's key begins with its platform's name."""
    return [~outbox.c.channel.startswith(f"{name}:", autoescape=True) for name in sorted(platforms)]


_is_answered = select(
    select(1).where(outbox.c.item_id == bindparam("item"), outbox.c.state == "delivered").exists()
)
_in_room = outbox.c.channel == bindparam("room")
_rivals = select(
    or_(
        select(1).where(_is_sending, _in_room, outbox.c.id != bindparam("mine")).exists(),
        select(1)
        .where(_is_waiting, _in_room, outbox.c.due_at <= bindparam("now"), outbox.c.id < bindparam("mine"))
        .exists(),
    )
)
_is_busy = select(
    or_(
        select(1).where(_is_sending, _in_room).exists(),
        select(1).where(_is_waiting, _in_room, outbox.c.due_at <= bindparam("now")).exists(),
    )
)
_others_wait = select(select(1).where(_is_waiting, _in_room).exists())
_received_at = select(inbox.c.received_at).where(
    inbox.c.id == select(outbox.c.item_id).where(outbox.c.id == bindparam("delivery")).scalar_subquery()
)


class Outbox:
    """Deliveries in, deliveries out. Safe to use from several threads at once.

    `on_work` is called after each commit that lets something be claimed; `jitter` gives
    numbers from 0 to 1. `on_dead` is called with how many replies a commit gave up, `on_delivered`
    with the seconds since the message of a delivered reply was accepted.
    """

    def __init__(
        self,
        database: Database,
        clock: Clock,
        *,
        on_work: Callable[[], None],
        jitter: Callable[[], float],
        on_dead: Callable[[int], object] = lambda _: None,
        on_delivered: Callable[[float], object] = lambda _: None,
    ) -> None:
        self._database = database
        self._clock = clock
        self._on_work = on_work
        self._jitter = jitter
        self._on_dead = on_dead
        self._on_delivered = on_delivered

    def claim(self, without: Collection[str] = ()) -> Delivery | None:
        """The oldest delivery that is due and whose channel is free; it is ours for 30 s.

        None of the platforms `without`, which have as many under way as they may. It stands in the
        writers' line even where there is none: see `DueLookup`.
        """
        now, busy = self._clock.steady(), frozenset(without)

        def work(connection: Connection) -> Any:
            row = connection.execute(_claim(busy), {"now": now, "until": now + LEASE_SECONDS}).one_or_none()
            if row is not None:
                values = {"room": row.channel, "mine": row.id, "now": now}
                refuse_rivals(connection, row.channel, _rivals, values)
            return row

        row = first_not_taken(lambda: self._database.write(work))
        return None if row is None else delivery_of(row, is_follow_up=row.is_follow_up)

    def delivered(self, delivery: Delivery, receipt: str, *, rest: Mapping[str, str] | None = None) -> None:
        """It arrived. `receipt` is the platform's name for it, kept for editing in place.

        With `rest`, a part of the reply did, and the same reply goes out once more to the
        same address with this added: what is still to be said is for the platform to know.

        Raises:
            LeaseLost: it took longer than the lease, and somebody else sends it again.
        """
        values = {"state": "delivered", "receipt": receipt, "reason": None, "ended_at": self._clock.now()}

        def work(connection: Connection) -> float | None:
            _leave(connection, delivery, values)
            is_late = self._clock.now() - delivery.decided_at > LATE
            if is_late and connection.scalar(_others_wait, {"room": delivery.channel.key}):
                _pause(connection, delivery.channel, self._clock.steady() + LATE_APART_SECONDS)
            if rest is not None:
                another_part(connection, self._clock, delivery.id, rest)
            return seconds_since_accepted(connection, self._clock, delivery.id)

        seconds = self._database.write(work)
        self._on_work()
        if seconds is not None:
            self._on_delivered(seconds)

    def hold(self, delivery: Delivery, until: float) -> None:
        """Nothing was sent: the platform may ask for it (see progress.py), until it is sent after all.

        Raises:
            LeaseLost: somebody else has it by now.
        """
        self._leave(delivery, state="waiting", due_at=until, attempt=outbox.c.attempt - 1)

    def failed(self, delivery: Delivery, error: PlatformError) -> None:
        """It did not arrive: try again later, or make it a dead letter with the reason.

        Raises:
            LeaseLost: somebody else has it by now.
        """
        wish = error.retry_after_seconds
        pause = None if wish is None else _pause_seconds(wish) * (1 + JITTER * self._jitter())

        def work(connection: Connection) -> bool:
            failures = connection.scalar(
                select(outbox.c.failures).where(outbox.c.id == delivery.id, outbox.c.lease == delivery.lease)
            )
            after = self._after_failure(error, failures or 0, pause)
            _leave(connection, delivery, after)
            if after["state"] == "waiting":
                _pause(connection, delivery.channel, after["due_at"])
            return bool(after["state"] == "dead")

        is_dead = self._database.write(work)
        self._on_work()
        if is_dead:
            self._on_dead(1)

    def release(self, delivery: Delivery) -> None:
        """Hand it back unsent, as if it had never been claimed.

        Raises:
            LeaseLost: somebody else has it by now.
        """
        self._leave(delivery, state="waiting", due_at=self._clock.steady(), attempt=outbox.c.attempt - 1)

    def renew(self, delivery: Delivery) -> None:
        """Sending takes its time: 30 s more. Silent when the delivery is no longer ours."""
        until = self._clock.steady() + LEASE_SECONDS
        self._database.write(lambda connection: _lease(delivery).renew(connection, until))

    def rescue(self, *, all_leases: bool) -> int:
        """Take back what nobody is sending any more, and say how many.

        `all_leases` is for the start of the only process: nobody else can hold one. It
        also takes back times set while the machine's clock was far ahead.
        """
        now = self._clock.steady()
        expired = _is_sending
        if not all_leases:
            expired = and_(expired, outbox.c.lease_until <= now)
            # Looked up first, as in the inbox.
            if not self._database.read(lambda connection: connection.scalar(select(exists().where(expired)))):
                return 0

        def work(connection: Connection) -> int:
            rescued = connection.execute(
                update(outbox)
                .where(expired)
                .values(
                    state="waiting", due_at=now, lease=outbox.c.lease + 1, lease_until=None, uncertain=True
                )
            ).rowcount
            if all_leases:
                _pull_in(connection, now)
            connection.execute(channel_pause.delete().where(channel_pause.c.until <= now))
            return rescued

        rescued = self._database.write(work, alone=True)
        if rescued or all_leases:
            self._on_work()
        return rescued

    def counts(self) -> Mapping[str, int]:
        """How many are waiting, sending and dead. What is delivered is not counted here."""
        query = union_all(
            select(outbox.c.state, func.count().label("deliveries")).where(_is_open).group_by(outbox.c.state),
            select(literal("dead"), func.count()).where(
                outbox.c.ended_at.is_not(None), outbox.c.state == "dead"
            ),
        )
        rows = self._database.read(lambda connection: connection.execute(query).all())
        return dict.fromkeys(("waiting", "sending", "dead"), 0) | {row.state: row.deliveries for row in rows}

    def _leave(self, delivery: Delivery, **values: Any) -> None:
        self._database.write(lambda connection: _leave(connection, delivery, values))
        self._on_work()

    def _after_failure(self, error: PlatformError, failures: int, pause: float | None) -> dict[str, Any]:
        values: dict[str, Any] = {"reason": error.reason}
        if error.maybe_sent:
            values["uncertain"] = True
        if error.permanent:
            return values | {"state": "dead", "ended_at": self._clock.now()}
        now = self._clock.steady()
        if pause is not None:
            # Being asked to wait is no failure: it does not use up the tries.
            return values | {"state": "waiting", "due_at": now + pause}
        if failures >= len(BACKOFF_SECONDS):
            return values | {"state": "dead", "failures": failures + 1, "ended_at": self._clock.now()}
        delay = BACKOFF_SECONDS[failures] * (1 + JITTER * (2 * self._jitter() - 1))
        return values | {"state": "waiting", "failures": failures + 1, "due_at": now + delay}


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
    due_at = max(now, _pause_end(connection, message.channel))
    is_free = due_at == now and not connection.scalar(_is_busy, {"room": room, "now": now})
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
    is_follow_up = bool(is_free and connection.scalar(_is_answered, {"item": item_id}))
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
            due_at=max(clock.steady(), _pause_end(connection, envelope.channel)),
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


def _lease(delivery: Delivery) -> Lease:
    return Lease(outbox, delivery.id, delivery.lease, "sending")


def _leave(connection: Connection, delivery: Delivery, values: Mapping[str, Any]) -> None:
    _lease(delivery).leave(connection, values)


def _pause_seconds(wish: float) -> float:
    if not math.isfinite(wish) or wish < 0:
        return DEFAULT_PAUSE_SECONDS
    return min(wish, LONGEST_PAUSE_SECONDS)


def _pause(connection: Connection, channel: Channel, until: float) -> None:
    until = max(until, _pause_end(connection, channel))
    connection.execute(channel_pause.delete().where(channel_pause.c.channel == channel.key))
    connection.execute(insert(channel_pause).values(channel=channel.key, until=until))
    # What waits in this channel waits as long, so that `next_due` tells the truth.
    connection.execute(
        update(outbox)
        .where(_is_waiting, outbox.c.channel == channel.key, outbox.c.due_at < until)
        .values(due_at=until)
    )


def _pause_end(connection: Connection, channel: Channel) -> float:
    until: float | None = connection.scalar(
        select(channel_pause.c.until).where(channel_pause.c.channel == channel.key)
    )
    return until or 0.0


def _pull_in(connection: Connection, now: float) -> None:
    connection.execute(
        update(outbox).where(_is_waiting, outbox.c.due_at > now + _HORIZON_SECONDS).values(due_at=now)
    )
    connection.execute(
        channel_pause.delete().where(channel_pause.c.until > now + LONGEST_PAUSE_SECONDS * (1 + JITTER))
    )
