"""The durable outbox: every reply is written down before it is sent.

    waiting ──claim──► sending ──complete──► delivered
       ▲                  │
       ├─ fail, release,──┤
       │  hold            │
       └─ rescue ─────────┴─ permanent, or too often ──► dead ──replay──► waiting

A reply may be sent twice when a crash hides whether the first one arrived (`uncertain`
then says so); it is never decided twice. Within a channel the oldest delivery goes first
and never two go at once: one that failed, or a platform that asks for time, pauses the whole
channel, so that nothing overtakes it.
Nothing here knows how a reply looks.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from datetime import timedelta
from typing import Any

from sqlalchemy import Connection, and_, exists, func, literal, select, union_all, update

from bot.domain import Clock, Delivery, PlatformError
from bot.domain.pipeline import IN_RESPONSE
from bot.store.channel_pauses import (
    LONGEST_PAUSE_SECONDS,
    forget_later_than,
    forget_over,
    pause,
    wished_seconds,
)
from bot.store.database import Database
from bot.store.delivery_rows import another_part, delivery_of, seconds_since_accepted
from bot.store.lease import LEASE_SECONDS, Lease
from bot.store.locks import first_not_taken, hold_channel
from bot.store.outbox_claims import claim_next, has_waiting, is_open, is_sending, is_waiting
from bot.store.tables import outbox

# How long to wait after the first, second, … failure; after one more it is a dead letter.
# Together more than an hour, so that an outage of an hour gives nothing up; never long apart, because
# what comes later in the channel waits behind it.
BACKOFF_SECONDS = (0.0, 2.0, 10.0, 30.0, 60.0, 120.0, *[300.0] * 12)
JITTER = 0.2
# A reply that goes out this long after it was decided had to wait; where others wait behind it, they
# leave one after the other, at the slowest rate that a platform allows one room (20 a minute).
LATE = timedelta(seconds=5)
LATE_APART_SECONDS = 3.0
# No due time is ever set further ahead than this.
_HORIZON_SECONDS = max(BACKOFF_SECONDS) * (1 + JITTER)


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
        claimed = first_not_taken(
            lambda: self._database.write(lambda connection: claim_next(connection, now, busy))
        )
        if claimed is None:
            return None
        row, is_follow_up = claimed
        return delivery_of(row, is_follow_up=is_follow_up)

    def complete(self, delivery: Delivery, receipt: str, *, rest: Mapping[str, str] | None = None) -> None:
        """Mark a reply delivered. `receipt` is the platform's id of the message, kept for editing in place.

        With `rest`, a part of the reply did, and the same reply goes out once more to the
        same address with this added: what is still to be said is for the platform to know.

        Raises:
            LeaseLost: it took longer than the lease, and somebody else sends it again.
        """
        values = {"state": "delivered", "receipt": receipt, "reason": None, "ended_at": self._clock.now()}

        def work(connection: Connection) -> tuple[bool, float | None]:
            _leave(connection, delivery, values)
            is_late = self._clock.now() - delivery.decided_at > LATE
            hold_channel(connection, delivery.channel.key)
            is_more = has_waiting(connection, delivery.channel.key)
            if is_late and is_more:
                pause(connection, delivery.channel, self._clock.steady() + LATE_APART_SECONDS)
            if rest is not None:
                another_part(connection, self._clock, delivery.id, rest)
            seconds = seconds_since_accepted(connection, self._clock, delivery.id)
            return is_more or rest is not None, seconds

        is_more, seconds = self._database.write(work)
        if is_more:
            self._on_work()
        if seconds is not None:
            self._on_delivered(seconds)

    def take_back(self, item_id: int) -> None:
        """The response that was to carry the reply to this message went without it: send it like any other.

        Where a part of the reply is still to be sent, the platform asks for the whole, and nothing is to do.
        """
        part = outbox.alias("part")
        has_part = (
            select(1)
            .where(part.c.item_id == item_id, part.c.id > outbox.c.id, part.c.reply == outbox.c.reply)
            .exists()
        )
        values = {"state": "waiting", "receipt": None, "ended_at": None, "due_at": self._clock.steady()}
        is_carried = outbox.c.item_id == item_id, outbox.c.receipt == IN_RESPONSE, ~has_part
        if self._database.write(
            lambda connection: connection.execute(update(outbox).where(*is_carried).values(values)).rowcount
        ):
            self._on_work()

    def hold(self, delivery: Delivery, until: float) -> None:
        """Put an unsent reply back until `until`; meanwhile a poll may collect it (see reply_progress.py).

        Raises:
            LeaseLost: somebody else has it by now.
        """
        self._leave(delivery, state="waiting", due_at=until, attempt=delivery.attempt - 1)

    def fail(self, delivery: Delivery, error: PlatformError) -> None:
        """Record that a reply did not arrive: it is tried again later, or a dead letter with the reason.

        Raises:
            LeaseLost: somebody else has it by now.
        """
        wish = error.retry_after_seconds
        wait = None if wish is None else wished_seconds(wish) * (1 + JITTER * self._jitter())

        def work(connection: Connection) -> bool:
            failures = connection.scalar(
                select(outbox.c.failures).where(outbox.c.id == delivery.id, outbox.c.lease == delivery.lease)
            )
            after = self._after_failure(error, failures or 0, wait)
            _leave(connection, delivery, after)
            if after["state"] == "waiting":
                pause(connection, delivery.channel, after["due_at"])
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
        self._leave(delivery, state="waiting", due_at=self._clock.steady(), attempt=delivery.attempt - 1)

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
        expired = is_sending
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
            forget_over(connection, now)
            return rescued

        rescued = self._database.write(work, alone=True)
        if rescued or all_leases:
            self._on_work()
        return rescued

    def counts(self) -> Mapping[str, int]:
        """The number of replies by state: waiting, sending, dead; none that are delivered."""
        query = union_all(
            select(outbox.c.state, func.count().label("deliveries")).where(is_open).group_by(outbox.c.state),
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


def _lease(delivery: Delivery) -> Lease:
    return Lease(outbox, delivery.id, delivery.lease, "sending")


def _leave(connection: Connection, delivery: Delivery, values: Mapping[str, Any]) -> None:
    _lease(delivery).leave(connection, values)


def _pull_in(connection: Connection, now: float) -> None:
    connection.execute(
        update(outbox).where(is_waiting, outbox.c.due_at > now + _HORIZON_SECONDS).values(due_at=now)
    )
    forget_later_than(connection, now + LONGEST_PAUSE_SECONDS * (1 + JITTER))
