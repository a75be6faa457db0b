"""The durable inbox: every message is written down before anyone thinks about it.

    received ──claim──► claimed ──complete──► answered     (its replies are in the outbox)
       ▲                 │  │ ╰──throttle───► throttled    (stored, and not answered)
       ├──release, rescue┘  │
       ├── engine_is_back ◄─┼─postpone──► parked ──claim when due──► claimed
       │                    ├─complete──► awaiting ─claim when due─► claimed   (but for the end of a refresh)
       │                    └─fail──────► retrying ──claim when due──► claimed
       └──replay── dead ◄──── too often ──────┘

A message is accepted once, however often a platform repeats it and under whichever of
its keys. Within one channel items are worked in the order they were accepted and never
two at once; different channels go in parallel. An item that is parked, retrying
or awaiting does not hold up the later ones of its channel, and is taken before them once it is due.

A claim is a lease with a number. Every later write shows the number, so that a worker
that was too slow stores nothing (`LeaseLost`). What handling a message decided is stored
in one transaction: settings, history, labels, reviews, files, replies, state. Nothing here knows what a
reply means.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from pydantic import ValidationError
from sqlalchemy import (
    Connection,
    Row,
    and_,
    exists,
    func,
    literal,
    null,
    select,
    union_all,
    update,
)
from sqlalchemy.exc import IntegrityError

from bot.domain import (
    Awaited,
    Clock,
    Delivery,
    InboxItem,
    IncomingMessage,
    Outcome,
    Reply,
    message_from_json,
    message_to_json,
)
from bot.store import acceptance
from bot.store.acceptance import Accepted
from bot.store.database import Database
from bot.store.delivery_rows import Replies, Response, Stored
from bot.store.documents import row_of
from bot.store.inbox_claims import (
    WAITING,
    Place,
    claim_next,
    has_waiting,
    is_open,
    is_postponed,
    set_heads,
)
from bot.store.lease import LEASE_SECONDS, Lease
from bot.store.locks import first_not_taken, hold_channel
from bot.store.outcome import keep_outcome
from bot.store.tables import inbox, outbox

# How long an item waits for the engine after the first, second, … and every later try.
PARKED_SECONDS = (2.0, 5.0, 10.0, 30.0, 60.0)
# How long until the end of a refresh is looked for again: a second, and later half a minute.
AWAITING_SECONDS = (1.0, 1.0, 2.0, 5.0, 10.0, 30.0)
# How long after a mistake of ours; after one more the item is dead and its author is told.
# Short, because somebody is waiting for a sentence.
RETRY_SECONDS = (1.0, 5.0, 30.0)
# An item that ends the process each time it is tried must not do so for ever.
CLAIMS = 20
# No due time is ever set further ahead than this.
_HORIZON_SECONDS = max(*PARKED_SECONDS, *AWAITING_SECONDS, *RETRY_SECONDS)


class Inbox:
    """Messages in, items out, and what was decided about them. Safe to use from several threads.

    `on_work` is called after each commit that lets something be claimed, here or in the outbox;
    `on_dead` with how many messages a commit gave up.
    """

    def __init__(
        self,
        database: Database,
        clock: Clock,
        *,
        on_work: Callable[[], None],
        on_dead: Callable[[int], object] = lambda _: None,
    ) -> None:
        self._database = database
        self._clock = clock
        self._on_work = on_work
        self._on_dead = on_dead

    def accept(
        self, message: IncomingMessage, hand_over: Callable[[InboxItem], None] | None = None
    ) -> Accepted:
        """Write the message down; on return it survives a power cut.

        Where nothing of its channel is before it, and there is somebody to `hand_over` it to, it is
        claimed in the same commit, for 30 s as by `claim`, and handed over.

        Raises:
            StoreError: it is not known to be kept and must not be acknowledged.
        """
        if not message.keys:
            raise ValueError("a message without a key could be answered twice; this is a bug")
        now = self._clock.steady()
        values = {
            "channel": message.channel.key,
            "message": message_to_json(message),
            "received_at": self._clock.now(),
            "due_at": now,
        }

        def work(connection: Connection) -> tuple[Accepted, Place | None]:
            claims = hand_over is not None
            return acceptance.accept(connection, message.channel, message.keys, values, now, claims=claims)

        try:
            accepted, place = self._database.write(work)
        except IntegrityError:
            # Another process accepted the same message between our look and our insert.
            accepted, place = self._database.write(work)
        if place is Place.FREE:
            if hand_over is None:
                self._on_work()
            else:
                hand_over(InboxItem(accepted.item_id, message, lease=1, attempt=1))
        return accepted

    def claim(self) -> InboxItem | None:
        """The oldest item that is due and whose channel is free; it is ours for 30 s.

        It stands in the writers' line even where there is none: see `DueLookup`.
        """
        while (row := first_not_taken(self._claim_row)) is not None:
            try:
                message = message_from_json(row.message)
            except ValidationError as unreadable:
                self._bury(row, f"the stored message cannot be read: {unreadable.errors()[0]['msg']}")
            else:
                return InboxItem(row.id, message, row.lease, row.attempt, row.told_waiting)
        return None

    def complete(
        self, item: InboxItem, outcome: Outcome, response: Response | None = None
    ) -> tuple[Delivery, ...]:
        """Store everything that was decided, in one transaction or not at all.

        Unless its channel is busy or paused the first reply is stored as delivered and given to the
        `response`, where that carries it, or comes back claimed by the caller, who sends it;
        `Outbox.claim` hands out the others.

        Raises:
            LeaseLost: somebody else has the item, and decides.
        """
        now = self._clock.now()
        files = [row_of(item.message.channel, file, now) for file in outcome.files]

        def work(connection: Connection, replies: Replies) -> Stored:
            if outcome.awaits is None:
                _leave(connection, item, {"state": "answered", "ended_at": now})
            else:
                self._await(connection, item, outcome.awaits)
            keep_outcome(connection, item, outcome, files, now)
            return replies.put(connection)

        return self._store(item, work, outcome.replies, response)

    def postpone(
        self, item: InboxItem, notice: Reply | None, response: Response | None = None
    ) -> tuple[Delivery, ...]:
        """The engine is away: try again later, or when `engine_is_back`. A notice goes out once.

        It goes out as the first reply does, see `complete`; so does that of `fail` and of `throttle`.

        Raises:
            LeaseLost: somebody else has the item by now.
        """
        now = self._clock.steady()

        def work(connection: Connection, replies: Replies) -> Stored:
            waits = connection.scalar(select(inbox.c.waits).where(inbox.c.id == item.id)) or 0
            delay = PARKED_SECONDS[min(waits, len(PARKED_SECONDS) - 1)]
            values: dict[str, Any] = {
                "state": "parked",
                "due_at": now + delay,
                "waits": waits + 1,
                # Waiting for the engine is no attempt at the message.
                "attempt": 0,
                "reason": "the engine is away",
            }
            if notice is not None:
                values["told_waiting"] = True
            _leave(connection, item, values)
            return replies.put(connection)

        return self._store(item, work, _replies(notice), response)

    def fail(
        self,
        item: InboxItem,
        reason: str,
        notice: Reply | None = None,
        response: Response | None = None,
        *,
        is_final: bool = False,
    ) -> tuple[Delivery, ...]:
        """A mistake of ours: try again soon, or give up; the notice goes out when we give up.

        `is_final`: trying again cannot help.

        Raises:
            LeaseLost: somebody else has the item by now.
        """

        def work(connection: Connection, replies: Replies) -> Stored:
            failures = connection.scalar(select(inbox.c.failures).where(inbox.c.id == item.id)) or 0
            values = {"failures": failures + 1, "reason": reason}
            if failures < len(RETRY_SECONDS) and not is_final:
                due_at = self._clock.steady() + RETRY_SECONDS[failures]
                _leave(connection, item, values | {"state": "retrying", "due_at": due_at})
                return Stored()
            _leave(connection, item, values | {"state": "dead", "ended_at": self._clock.now()})
            return replace(replies.put(connection), is_dead=True)

        return self._store(item, work, _replies(notice), response)

    def throttle(
        self, item: InboxItem, notice: Reply | None, response: Response | None = None
    ) -> tuple[Delivery, ...]:
        """Above the limit: kept, marked and not answered.

        Raises:
            LeaseLost: somebody else has the item by now.
        """

        def work(connection: Connection, replies: Replies) -> Stored:
            _leave(connection, item, {"state": "throttled", "ended_at": self._clock.now()})
            return replies.put(connection)

        return self._store(item, work, _replies(notice), response)

    def release(self, item: InboxItem) -> None:
        """Hand it back unworked, as if it had never been claimed.

        Raises:
            LeaseLost: somebody else has the item by now.
        """
        values = {"state": "received", "is_head": True, "attempt": item.attempt - 1}
        self._database.write(lambda connection: _leave(connection, item, values))
        self._on_work()

    def renew(self, item: InboxItem) -> None:
        """Thinking takes its time: 30 s more. Silent when the item is no longer ours."""
        until = self._clock.steady() + LEASE_SECONDS
        self._database.write(lambda connection: _lease(item).renew(connection, until))

    def engine_is_back(self) -> None:
        """Make all messages that wait for the engine due now, oldest first."""
        now = self._clock.steady()

        def work(connection: Connection) -> int:
            parked = connection.execute(
                update(inbox)
                .where(is_open, inbox.c.state == "parked")
                .values(state="received", waits=0, due_at=now)
            ).rowcount
            if parked:
                set_heads(connection)
            return parked

        if self._database.write(work, alone=True):
            self._on_work()

    def rescue(self, *, all_leases: bool) -> int:
        """Take back what nobody is working on any more, and say how many.

        `all_leases` is for the start of the only process: nobody else can hold one. It
        also takes back times set while the machine's clock was far ahead.
        """
        now = self._clock.steady()
        expired = and_(is_open, inbox.c.state == "claimed")
        if not all_leases:
            expired = and_(expired, inbox.c.lease_until <= now)
            # Looked up first: nearly always there is none, and acknowledgements wait behind a write.
            if not self._database.read(lambda connection: connection.scalar(select(exists().where(expired)))):
                return 0
        given_up = {
            "state": "dead",
            "reason": f"given up after {CLAIMS} tries that did not come to an end",
            "ended_at": self._clock.now(),
        }

        def work(connection: Connection) -> tuple[int, int]:
            free = {"lease": inbox.c.lease + 1, "lease_until": null()}
            dead = connection.execute(
                update(inbox).where(expired, inbox.c.attempt >= CLAIMS).values(**given_up, **free)
            ).rowcount
            rescued = connection.execute(
                update(inbox).where(expired).values(state="received", **free)
            ).rowcount
            if all_leases:
                connection.execute(
                    update(inbox)
                    .where(is_postponed, inbox.c.due_at > now + _HORIZON_SECONDS)
                    .values(due_at=now)
                )
            if rescued or all_leases:
                set_heads(connection)
            return rescued, dead

        rescued, dead = self._database.write(work, alone=True)
        if dead:
            self._on_dead(dead)
        if rescued or dead or all_leases:
            self._on_work()
        return rescued + dead

    def is_over(self, item_id: int) -> bool:
        """Whether nothing more will be said to this item: it is decided, and its replies are out or dead."""
        row = outbox.c
        open_replies = select(row.id).where(row.item_id == item_id, row.ended_at.is_(None))
        query = select(inbox.c.ended_at.is_not(None) & ~open_replies.exists()).where(inbox.c.id == item_id)
        return bool(self._database.read(lambda connection: connection.scalar(query)))

    def counts(self) -> Mapping[str, int]:
        """The number of messages by state: received, claimed, parked, retrying, dead; none that are done."""
        query = union_all(
            select(inbox.c.state, func.count().label("items")).where(is_open).group_by(inbox.c.state),
            select(literal("dead"), func.count()).where(
                inbox.c.ended_at.is_not(None), inbox.c.state == "dead"
            ),
        )
        rows = self._database.read(lambda connection: connection.execute(query).all())
        return dict.fromkeys((*WAITING, "claimed", "dead"), 0) | {row.state: row.items for row in rows}

    def oldest_received_at(self) -> datetime | None:
        """The receipt time of the oldest message that is still to be answered; None when all are.

        One that only awaits the end of a refresh was answered.
        """
        query = select(func.min(inbox.c.received_at)).where(is_open, inbox.c.state != "awaiting")
        moment: datetime | None = self._database.read(lambda connection: connection.scalar(query))
        return moment

    def _claim_row(self) -> Row[Any] | None:
        now = self._clock.steady()
        return self._database.write(lambda connection: claim_next(connection, now))

    def _bury(self, row: Row[Any], reason: str) -> None:
        dead = {"state": "dead", "reason": reason, "ended_at": self._clock.now(), "lease_until": None}
        is_ours = inbox.c.id == row.id, inbox.c.lease == row.lease
        buried = self._database.write(
            lambda connection: connection.execute(update(inbox).where(*is_ours).values(dead)).rowcount
        )
        if buried:
            self._on_dead(buried)

    def _await(self, connection: Connection, item: InboxItem, awaited: Awaited) -> None:
        waits = connection.scalar(select(inbox.c.waits).where(inbox.c.id == item.id)) or 0
        delay = AWAITING_SECONDS[min(waits, len(AWAITING_SECONDS) - 1)]
        values = {
            "state": "awaiting",
            "message": message_to_json(replace(item.message, awaits=awaited)),
            "due_at": self._clock.steady() + delay,
            "waits": waits + 1,
            "attempt": 0,
        }
        _leave(connection, item, values)

    def _store(
        self,
        item: InboxItem,
        work: Callable[[Connection, Replies], Stored],
        replies: Sequence[Reply],
        response: Response | None,
    ) -> tuple[Delivery, ...]:
        """Write, and tell who is concerned: an item that is out of work frees its channel."""
        decided = Replies(item, replies, self._clock, response)

        room = item.message.channel.key

        def write(connection: Connection) -> tuple[Stored, bool]:
            stored = work(connection, decided)
            # Whoever adds to the line now waits for this commit, or is seen here.
            hold_channel(connection, room)
            return stored, has_waiting(connection, room)

        stored, is_more = self._database.write(write)
        if response is not None and stored.carried is not None:
            response.deliver(stored.carried)
        if stored.is_dead:
            self._on_dead(1)
        if is_more or stored.leaves_more:
            self._on_work()
        return stored.claimed


def _replies(notice: Reply | None) -> tuple[Reply, ...]:
    return () if notice is None else (notice,)


def _lease(item: InboxItem) -> Lease:
    return Lease(inbox, item.id, item.lease, "claimed")


def _leave(connection: Connection, item: InboxItem, values: Mapping[str, Any]) -> None:
    _lease(item).leave(connection, values)
