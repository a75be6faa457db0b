"""The workers survive what they are given."""

from __future__ import annotations

import threading
from collections.abc import Callable, Collection, Iterator
from contextlib import suppress
from pathlib import Path

import pytest
from sqlalchemy import Connection

from bot.domain import Channel, Clock, Delivery, InboxItem, Outcome
from bot.metrics import Metrics
from bot.pipeline.idle_workers import IdleWorkers
from bot.pipeline.rendezvous import ResponseSlots
from bot.pipeline.worker import SendSlots, Worker, Workers
from bot.store import Database, Due, DueLookup, Inbox, StoreError
from tests.bot.store.building import HELLO, Store, a_message, a_store

# Far above what anything here takes: only a hang is cut.
HANG_SECONDS = 30.0


class Idle:
    """An inbox and an outbox in which nothing is due."""

    def claim(self) -> None:
        return None

    def rescue(self, *, all_leases: bool) -> int:
        return 0


class ScriptedWorker:
    """Its steps go as the script says; then it has nothing to do."""

    def __init__(self, *script: Exception | bool) -> None:
        self._script: Iterator[Exception | bool] = iter(script)
        self.is_through = threading.Event()

    def look(self) -> Due:
        return Due(None, None)

    def step(self, due: Due) -> bool:
        event = next(self._script, None)
        if event is None:
            self.is_through.set()
            return False
        if isinstance(event, Exception):
            raise event
        return event

    def renew(self) -> None:
        """Nothing is in hand."""


@pytest.mark.parametrize("trouble", [StoreError("locked"), ValueError("a mistake of ours")])
def test_a_worker_goes_on_after_a_step_that_raised(trouble: Exception) -> None:
    worker, idle = ScriptedWorker(True, trouble, True), Idle()
    workers = Workers(worker, IdleWorkers(Clock()), inbox=idle, outbox=idle, clock=Clock(), count=1)  # type: ignore[arg-type]  # doubles
    workers.start()
    assert worker.is_through.wait(10)
    workers.stop()


def test_stopping_twice_is_fine_and_so_is_stopping_what_never_started() -> None:
    idle = Idle()
    workers = Workers(ScriptedWorker(), IdleWorkers(Clock()), inbox=idle, outbox=idle, clock=Clock(), count=2)  # type: ignore[arg-type]  # doubles
    workers.stop()
    workers.stop()


class Asked:
    """An inbox or an outbox that writes down when it is asked for work, and has none."""

    def __init__(self, name: str, heard: list[str]) -> None:
        self._name = name
        self._heard = heard

    def claim(self, without: Collection[str] = ()) -> None:
        assert not without
        self._heard.append(self._name)


class AlwaysDue(DueLookup):
    """Says of both queues that something has been due for a second."""

    def __init__(self, clock: Clock) -> None:
        self._now = clock.steady

    def look(self, without: Collection[str] = ()) -> Due:
        assert not without
        return Due(message=self._now() - 1, reply=self._now() - 1)


def test_replies_that_are_due_take_turns_with_new_messages() -> None:
    """REL32. Whoever is asked first goes first, so neither waits for the other's line to be empty."""
    heard: list[str] = []
    worker = Worker(
        inbox=Asked("message", heard),  # type: ignore[arg-type]  # a double
        outbox=Asked("reply", heard),  # type: ignore[arg-type]  # a double
        due=AlwaysDue(Clock()),
        clock=Clock(),
        responder=None,  # type: ignore[arg-type]  # nothing is answered
        platforms={},
        response_slots=ResponseSlots(slots=1),
        metrics=Metrics(),
        send_slots=SendSlots(2),
    )
    for _ in range(4):
        worker.step(worker.look())
    assert heard[::2] == ["message", "reply", "message", "reply"]


class HangingPlatform:
    """Takes no message further until it is let go; says when `most` are under way."""

    def __init__(self, name: str, *, hangs: bool) -> None:
        self.name = name
        self.sent: list[str] = []
        self.under_way = threading.Semaphore(0)
        self.may_go_on = threading.Event()
        if not hangs:
            self.may_go_on.set()

    def speaks_first(self, channel: Channel) -> bool:
        return True

    def send(self, delivery: Delivery) -> str:
        self.under_way.release()
        assert self.may_go_on.wait(HANG_SECONDS)
        self.sent.append(delivery.channel.id)
        return "ts"


def test_a_platform_that_hangs_holds_all_workers_but_one(tmp_path: Path) -> None:
    """REL37. The last goes on with the other platforms, and with what is said meanwhile."""
    slow, quick = HangingPlatform("slack", hangs=True), HangingPlatform("toy", hangs=False)
    with a_store(tmp_path / "bot.db", Clock()) as store:
        for number in range(6):
            put_reply(store, Channel("slack", "T1", f"C{number}"))
        idle = IdleWorkers(Clock())
        worker = Worker(
            inbox=Idle(),  # type: ignore[arg-type]  # the messages are ours to answer
            outbox=store.outbox,
            due=store.due,
            clock=Clock(),
            responder=None,  # type: ignore[arg-type]  # nothing is answered
            platforms={"slack": slow, "toy": quick},
            response_slots=ResponseSlots(slots=1),
            metrics=Metrics(),
            send_slots=SendSlots(3),
        )
        workers = Workers(worker, idle, inbox=store.inbox, outbox=store.outbox, clock=Clock(), count=3)
        workers.start()
        try:
            for _ in range(2):
                assert slow.under_way.acquire(timeout=HANG_SECONDS)
            for number in range(4):
                put_reply(store, Channel("toy", "T1", f"C{number}"))
                idle.wake()
                assert quick.under_way.acquire(timeout=HANG_SECONDS)
            assert not slow.under_way.acquire(blocking=False)
            slow.may_go_on.set()
            for _ in range(4):
                assert slow.under_way.acquire(timeout=HANG_SECONDS)
        finally:
            slow.may_go_on.set()
            workers.stop()
    assert sorted(slow.sent) == [f"C{number}" for number in range(6)]
    assert sorted(quick.sent) == [f"C{number}" for number in range(4)]


class SilentDatabase:
    """Commits, and is silent about it for too long."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def write(self, work: Callable[[Connection], object]) -> None:
        self._database.write(work)
        raise StoreError("no answer from the disk within 1.9 s")


class Greeter:
    """A responder that says hello."""

    def allows(self, item: InboxItem) -> bool:
        return True

    def reply_to(self, item: InboxItem) -> Outcome:
        return Outcome((HELLO,))


def test_an_answer_that_was_stored_in_silence_is_sent_once_and_not_lost(tmp_path: Path) -> None:
    """The request that waited for it went without, for nobody knew."""
    platform, slots = HangingPlatform("slack", hangs=False), ResponseSlots(slots=1)
    with a_store(tmp_path / "bot.db", Clock()) as store:
        worker = Worker(
            inbox=Inbox(SilentDatabase(store.database), Clock(), on_work=lambda: None),  # type: ignore[arg-type]  # a double
            outbox=store.outbox,
            due=store.due,
            clock=Clock(),
            responder=Greeter(),  # type: ignore[arg-type]  # a double
            platforms={"slack": platform},
            response_slots=slots,
            metrics=Metrics(),
            send_slots=SendSlots(2),
        )
        handed: list[InboxItem] = []
        with slots.slot(a_message()) as slot:
            assert slot is not None
            store.inbox.accept(a_message(), handed.append)
            with pytest.raises(StoreError):
                worker.work_on(handed[0])
            assert slot.wait(HANG_SECONDS) is None
        for _ in range(3):
            with suppress(StoreError):  # the silent one is told of the message, too
                worker.step(worker.look())
    assert platform.sent == ["C1"]


def test_one_worker_may_send() -> None:
    slots = SendSlots(1)
    assert slots.take("slack")
    assert not slots.take("slack")
    assert slots.full() == {"slack"}
    slots.give_back("slack")
    assert slots.full() == frozenset()


def put_reply(store: Store, channel: Channel) -> None:
    """A reply that is due in this channel."""
    store.inbox.accept(a_message(channel.key, channel=channel))
    item = store.inbox.claim()
    assert item is not None
    [delivery] = store.inbox.complete(item, Outcome((HELLO,)))
    store.outbox.release(delivery)
