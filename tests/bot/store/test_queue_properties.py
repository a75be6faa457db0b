"""Accept, repeat, claim, decide, deliver, fail, postpone, expire and crash, in any order.

The model beside the store is a dictionary of what was acknowledged and what was decided.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import ExitStack
from typing import Any

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    Bundle,
    RuleBasedStateMachine,
    initialize,
    invariant,
    multiple,
    rule,
    run_state_machine_as_test,
)
from sqlalchemy import text

from bot.domain import Channel, Delivery, InboxItem, MessageKey, Outcome, PlatformError, Text
from bot.store import LeaseLost
from tests.bot.store.building import HandClock, Store, a_message
from tests.bot.store.conftest import NewDatabase

CHANNELS = tuple(Channel("slack", "T1", f"C{number}") for number in range(2))


class _Response:
    """Carries whatever it is given."""

    def __init__(self, carried: list[Delivery]) -> None:
        self.deliver = carried.append

    def carries(self, delivery: Delivery) -> bool:
        return delivery.id == 0

    def rest_of(self, delivery: Delivery) -> None:
        """Nothing is left of it."""


class AnyOrder(RuleBasedStateMachine):
    items: Bundle[InboxItem] = Bundle("items")
    deliveries: Bundle[Delivery] = Bundle("deliveries")

    def __init__(self, new_database: NewDatabase) -> None:
        super().__init__()
        self.closing = ExitStack()
        self.url = self.closing.enter_context(new_database())
        self.clock = HandClock()
        self.store = Store(self.url, self.clock)
        self.accepted: dict[str, int] = {}
        self.decided: dict[int, str] = {}
        self.arrived: dict[int, int] = {}
        self.never_waited: dict[str, list[int]] = {channel.key: [] for channel in CHANNELS}
        self.leases: dict[int, tuple[int, str]] = {}
        self.sending: dict[int, tuple[int, str]] = {}

    def teardown(self) -> None:
        try:
            self._work_until_all_is_done()
        finally:
            self.store.database.stop()
            self.closing.close()

    def _work_until_all_is_done(self) -> None:
        """However it was left: everything acknowledged comes to its end."""
        self.crash()
        # A backlog leaves one by one, see LATE_APART_SECONDS.
        for _ in range(200):
            while item := self.store.inbox.claim():
                self.store.inbox.complete(item, Outcome())
            while delivery := self.store.outbox.claim():
                self.store.outbox.complete(delivery, "r")
            if self.store.due.look().soonest is None:
                break
            self.clock.go_on(3000)
        states = {state for state, _ in self._rows("SELECT state, 0 FROM inbox")}
        assert states <= {"answered", "throttled", "dead"}
        assert {state for state, _ in self._rows("SELECT state, 0 FROM outbox")} <= {"delivered", "dead"}

    @initialize()
    def begin_with_a_line(self) -> None:
        for number in range(8):
            self.accept(number, spare=False)

    @rule(number=st.integers(0, 24), spare=st.booleans())
    def accept(self, number: int, spare: bool) -> None:
        """The same number is the same message, sometimes under one of its two keys only."""
        self._accept(number, spare, None)

    @rule(number=st.integers(0, 24), target=items)
    def accept_and_claim(self, number: int) -> Any:
        handed: list[InboxItem] = []
        self._accept(number, False, handed.append)
        return multiple(*(self._hold(item) for item in handed))

    def _accept(self, number: int, spare: bool, hand_over: Callable[[InboxItem], None] | None) -> None:
        names = (MessageKey("event", str(number)), MessageKey("ts", str(number)))
        name = str(number)
        channel = CHANNELS[number % len(CHANNELS)]
        keys = names[1:] if spare and name in self.accepted else names
        accepted = self.store.inbox.accept(a_message(name, channel=channel, keys=keys), hand_over)
        assert accepted.is_new == (name not in self.accepted)
        assert self.accepted.setdefault(name, accepted.item_id) == accepted.item_id
        if accepted.is_new:
            self.never_waited[channel.key].append(accepted.item_id)

    @rule(times=st.integers(1, 3), target=items)
    def hold_one_while_others_come_due(self, times: int) -> Any:
        """Postpone several, keep the next, and let time pass: a state that single steps seldom reach."""
        for _ in range(times):
            item = self._claimed()
            if item is not None:
                self._end(item, "", lambda item=item: self.store.inbox.postpone(item, None))
        held = self._claimed()
        self.go_on(5.0)
        return multiple() if held is None else held

    @rule(target=items)
    def claim(self) -> Any:
        item = self._claimed()
        return multiple() if item is None else item

    @rule(target=deliveries, end=st.sampled_from(["answer", "postpone", "fail"]))
    def work(self, end: str) -> Any:
        """Claim and end in one step, so that many items get far within few steps."""
        item = self._claimed()
        if item is None:
            return multiple()
        match end:
            case "answer":
                outcome = Outcome((Text("a", "en"), Text("b", "en")))
                return self._end(item, "answered", lambda: self.store.inbox.complete(item, outcome))
            case "postpone":
                return self._end(item, "", lambda: self.store.inbox.postpone(item, None))
            case _:
                return self._end(item, "", lambda: self.store.inbox.fail(item, "KeyError"))

    def _claimed(self) -> InboxItem | None:
        item = self.store.inbox.claim()
        return None if item is None else self._hold(item)

    def _hold(self, item: InboxItem) -> InboxItem:
        channel = item.message.channel.key
        assert channel not in {busy for _, busy in self.leases.values()}, "two items of one channel at once"
        assert item.id not in self.decided, "decided items are not handed out"
        if item.id in self.never_waited[channel]:
            assert item.id == self.never_waited[channel][0], "out of order"
        self.leases[item.id] = (item.lease, channel)
        return item

    @rule(item=items, replies=st.integers(0, 3), target=deliveries)
    def answer(self, item: InboxItem, replies: int) -> Any:
        words = tuple(Text(f"{item.id}", "en") for _ in range(replies))
        return self._end(item, "answered", lambda: self.store.inbox.complete(item, Outcome(words)))

    @rule(item=items)
    def answer_in_response(self, item: InboxItem) -> None:
        """What the response carries is delivered at once; where it may not, it waits in line."""
        carried: list[Delivery] = []
        outcome = Outcome((Text("carried", "en"), Text("after it", "en")))
        self._end(item, "answered", lambda: self.store.inbox.complete(item, outcome, _Response(carried)))
        for delivery in carried:
            assert delivery.channel.key not in {busy for _, busy in self.sending.values()}, "overtaken"
            self.arrived[delivery.id] = delivery.lease

    @rule(item=items, target=deliveries)
    def throttle(self, item: InboxItem) -> Any:
        return self._end(item, "throttled", lambda: self.store.inbox.throttle(item, Text("slow down", "en")))

    @rule(item=items, target=deliveries)
    def postpone(self, item: InboxItem) -> Any:
        return self._end(item, "", lambda: self.store.inbox.postpone(item, Text("later", "en")))

    @rule(item=items, target=deliveries)
    def fail(self, item: InboxItem) -> Any:
        return self._end(item, "", lambda: self.store.inbox.fail(item, "KeyError", Text("sorry", "en")))

    @rule(item=items)
    def release(self, item: InboxItem) -> None:
        held = self.leases.get(item.id, (0, ""))[0] == item.lease
        try:
            self.store.inbox.release(item)
            assert held
            del self.leases[item.id]
        except LeaseLost:
            assert not held

    def _end(self, item: InboxItem, state: str, end: Any) -> Any:
        held = self.leases.get(item.id, (0, ""))[0] == item.lease
        try:
            made = end()
        except LeaseLost:
            assert not held, "a lease that was ours is refused"
            return multiple()
        assert held, "a lease that was lost still writes"
        _, channel = self.leases.pop(item.id)
        if item.id in self.never_waited[channel]:
            self.never_waited[channel].remove(item.id)
        if state:
            assert item.id not in self.decided, "decided twice"
            self.decided[item.id] = state
        for delivery in made:
            self._take(delivery)
        return multiple(*made)

    @rule(target=deliveries)
    def claim_delivery(self) -> Any:
        delivery = self.store.outbox.claim()
        if delivery is None:
            return multiple()
        self._take(delivery)
        return delivery

    def _take(self, delivery: Delivery) -> None:
        channel = delivery.channel.key
        assert channel not in {busy for _, busy in self.sending.values()}, (
            "two deliveries of one channel at once"
        )
        assert delivery.id not in self.arrived, "delivered things are not sent again"
        self.sending[delivery.id] = (delivery.lease, channel)

    @rule(delivery=deliveries)
    def deliver(self, delivery: Delivery) -> None:
        if self._sent(delivery, lambda: self.store.outbox.complete(delivery, "r")):
            self.arrived[delivery.id] = delivery.lease

    @rule(delivery=deliveries, wish=st.sampled_from([None, 0.0, 30.0]), permanent=st.booleans())
    def fail_delivery(self, delivery: Delivery, wish: float | None, permanent: bool) -> None:
        error = PlatformError("502", permanent=permanent, retry_after_seconds=wish)
        self._sent(delivery, lambda: self.store.outbox.fail(delivery, error))

    @rule(delivery=deliveries)
    def release_delivery(self, delivery: Delivery) -> None:
        self._sent(delivery, lambda: self.store.outbox.release(delivery))

    def _sent(self, delivery: Delivery, act: Any) -> bool:
        held = self.sending.get(delivery.id, (0, ""))[0] == delivery.lease
        try:
            act()
        except LeaseLost:
            assert not held, "a lease that was ours is refused"
            return False
        assert held, "a lease that was lost still writes"
        del self.sending[delivery.id]
        return True

    @rule(seconds=st.sampled_from([1.0, 5.0, 10.0, 31.0, 3000.0]))
    def go_on(self, seconds: float) -> None:
        """Time passes, and whatever nobody renewed is taken back."""
        self.clock.go_on(seconds)
        self.store.inbox.rescue(all_leases=False)
        self.store.outbox.rescue(all_leases=False)
        self._forget_expired()

    def _forget_expired(self) -> None:
        rows = self._rows("SELECT id, lease FROM inbox WHERE state = 'claimed'")
        self.leases = {number: held for number, held in self.leases.items() if (number, held[0]) in rows}
        rows = self._rows("SELECT id, lease FROM outbox WHERE state = 'sending'")
        self.sending = {number: held for number, held in self.sending.items() if (number, held[0]) in rows}

    @rule()
    def engine_is_back(self) -> None:
        self.store.inbox.engine_is_back()

    @rule()
    def replay(self) -> None:
        self.store.letters.replay_all()

    @rule()
    def crash(self) -> None:
        """Everything in memory is gone; the database is opened by a new process."""
        self.store.database.stop()
        self.store = Store(self.url, self.clock)
        self.store.inbox.rescue(all_leases=True)
        self.store.outbox.rescue(all_leases=True)
        self.leases.clear()
        self.sending.clear()

    @invariant()
    def nothing_acknowledged_is_lost(self) -> None:
        states = dict(self._rows("SELECT id, state FROM inbox"))
        assert set(states) == set(self.accepted.values())
        assert {number: state for number, state in states.items() if number in self.decided} == self.decided

    @invariant()
    def what_waits_can_be_found(self) -> None:
        """Either something of a channel is under work, or the queue knows when to look again."""
        waiting = self._rows(
            "SELECT channel, channel FROM inbox WHERE state IN ('received', 'parked', 'retrying', 'awaiting')"
        )
        busy = {channel for _, channel in self.leases.values()}
        if {channel for channel, _ in waiting} - busy:
            assert self.store.due.look().message is not None

    def _rows(self, query: str) -> set[tuple[Any, Any]]:
        return set(
            self.store.database.read(
                lambda connection: [(row[0], row[1]) for row in connection.execute(text(query))]
            )
        )


def test_nothing_is_lost_or_decided_twice_in_any_order(backend: str, new_database: NewDatabase) -> None:
    run_state_machine_as_test(
        lambda: AnyOrder(new_database),  # type: ignore[arg-type]  # any callable that makes one will do
        settings=settings(
            # The order of steps is the store's own business; a server takes its time for each.
            max_examples=12 if backend == "sqlite" else 5,
            stateful_step_count=50,
            suppress_health_check=[HealthCheck.too_slow],
        ),
    )
