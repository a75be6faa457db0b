"""What only a PostgreSQL server does: many writers at once, and going away while we are at work.

That it keeps the promises of the store is tested beside SQLite, in the other files here.
"""

from __future__ import annotations

import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest
from sqlalchemy import Connection, text

from bot.domain import Channel, Clock, Outcome, Text
from bot.store import SchemaError, StoreError, schema
from bot.store.backup import backup
from bot.store.leader_election import AdvisoryLock, OnlyOne
from tests.bot.store.building import HELLO, PROGRAMS_SECONDS, ROOM, HandClock, Store, a_message, a_store_at
from tests.support.hang_guard import hang_guard
from tests.support.postgresql import PostgreSQL


@pytest.fixture
def url(postgresql: PostgreSQL) -> Iterator[str]:
    with postgresql.a_database() as url:
        yield url


@contextmanager
def stores(url: str, count: int) -> Iterator[list[Store]]:
    """As many processes see the database: each has connections of its own."""
    with ExitStack() as closing:
        yield [
            closing.enter_context(a_store_at(url, Clock(), busy_seconds=PROGRAMS_SECONDS))
            for _ in range(count)
        ]


def all_at_once(*works: Callable[[], None]) -> None:
    with ThreadPoolExecutor(len(works)) as pool:
        for done in [pool.submit(work) for work in works]:
            done.result()


class Watch:
    """Sees what several processes have in hand at the same time."""

    def __init__(self) -> None:
        self.order: dict[str, list[int]] = {}
        self._lock = threading.Lock()
        self._in_hand: set[str] = set()

    @contextmanager
    def holding(self, channel: str, number: int) -> Iterator[None]:
        with self._lock:
            assert channel not in self._in_hand, "two of one channel at once"
            self._in_hand.add(channel)
            self.order.setdefault(channel, []).append(number)
        try:
            yield
        finally:
            # Before it is told to the store: from then on somebody else may have the next.
            with self._lock:
                self._in_hand.remove(channel)


def test_what_several_processes_claim_is_never_doubled_and_in_order(url: str) -> None:
    """REL27: 240 messages of 6 channels, accepted by two processes and claimed by three."""
    rooms = [Channel("slack", "T1", f"C{number}") for number in range(6)]
    items, deliveries = Watch(), Watch()
    with stores(url, 3) as several:
        accepted: Counter[str] = Counter()

        def accept(store: Store, first: int) -> None:
            for number in range(first, 240, 2):
                room = rooms[number % len(rooms)]
                assert store.inbox.accept(a_message(str(number), channel=room)).is_new
                accepted[room.key] += 1

        def work(store: Store) -> None:
            until = time.monotonic() + 60
            while sum(map(len, deliveries.order.values())) < 240 and time.monotonic() < until:
                item = store.inbox.claim()
                if item is not None:
                    with items.holding(item.message.channel.key, item.id):
                        outcome = Outcome((HELLO,))
                    claimed = store.inbox.complete(item, outcome)
                else:
                    found = store.outbox.claim()
                    claimed = () if found is None else (found,)
                for delivery in claimed:
                    with deliveries.holding(delivery.channel.key, delivery.id):
                        pass
                    store.outbox.complete(delivery, "r")

        all_at_once(
            lambda: accept(several[0], 0),
            lambda: accept(several[1], 1),
            *(lambda store=store: work(store) for store in several for _ in range(2)),
        )
        counts = several[0].inbox.counts()

    assert set(counts.values()) == {0}, counts
    for watch in (items, deliveries):
        assert {room: len(seen) for room, seen in watch.order.items()} == accepted
        assert all(seen == sorted(set(seen)) for seen in watch.order.values()), "doubled or out of order"


def test_a_message_that_comes_while_the_last_one_is_taken_is_not_forgotten(url: str) -> None:
    """The line is empty for one process and not yet empty for the other at the same moment."""
    with stores(url, 2) as (web, worker):
        for number in range(80):
            web.inbox.accept(a_message(f"{number} first"))
            meeting = threading.Barrier(2)

            def accept(number: int = number, meeting: threading.Barrier = meeting) -> None:
                meeting.wait()
                web.inbox.accept(a_message(f"{number} second"))

            def take(meeting: threading.Barrier = meeting) -> None:
                meeting.wait()
                item = worker.inbox.claim()
                assert item is not None
                worker.inbox.complete(item, Outcome())

            all_at_once(accept, take)
            item = worker.inbox.claim()
            assert item is not None, f"forgotten in round {number}"
            worker.inbox.complete(item, Outcome())


def test_what_another_process_is_just_taking_is_waited_for_and_not_overtaken(url: str) -> None:
    """Passing over what is locked must not let the second reply out before the first."""
    with stores(url, 2) as (store, other):
        store.inbox.accept(a_message())
        item = store.inbox.claim()
        assert item is not None
        (first,) = store.inbox.complete(item, Outcome((Text("1", "en"), Text("2", "en"), Text("3", "en"))))
        store.outbox.complete(first, "r")

        def taking(connection: Connection) -> None:
            lock = text("SELECT id FROM outbox WHERE state = 'waiting' ORDER BY id LIMIT 1 FOR UPDATE")
            assert connection.scalar(lock) == first.id + 1
            assert store.outbox.claim() is None

        other.database.write(taking)
        second = store.outbox.claim()
        assert second is not None
        assert second.reply == Text("2", "en")


def test_a_reader_sees_one_state_and_cannot_write(url: str) -> None:
    insert = text("INSERT INTO channel_pause VALUES ('c', 0)")
    count = text("SELECT count(*) FROM channel_pause")
    with stores(url, 1) as (store,):

        def read(connection: Connection) -> tuple[object, object]:
            before = connection.scalar(count)
            store.database.write(lambda connection: connection.execute(insert).rowcount)
            return before, connection.scalar(count)

        assert store.database.read(read) == (0, 0)
        with pytest.raises(StoreError, match="read-only transaction"):
            store.database.read(lambda connection: connection.execute(insert))


def test_a_server_that_is_killed_is_refused_at_once_and_found_again(url: str, postgresql: PostgreSQL) -> None:
    """REL27. What was acknowledged before is there: the server syncs before it says so."""
    with stores(url, 1) as (store,):
        first = store.inbox.accept(a_message("1"))
        postgresql.kill()
        try:
            with hang_guard():
                for _ in range(3):
                    with pytest.raises(StoreError, match="did not answer"):
                        store.inbox.accept(a_message("2"))
        finally:
            postgresql.start()
        with hang_guard():
            assert store.inbox.accept(a_message("2")).is_new
        assert store.inbox.accept(a_message("1")).item_id == first.item_id


def test_a_connection_that_died_unnoticed_is_nobody_s_trouble(url: str, postgresql: PostgreSQL) -> None:
    """REL27: all connections are dropped while nothing is asked."""
    with stores(url, 1) as (store,):
        for number in range(5):
            store.inbox.accept(a_message(f"{number} before"))
            assert postgresql.drop_connections() > 0
            assert store.inbox.accept(a_message(f"{number} after")).is_new
            assert postgresql.drop_connections() > 0
            assert store.inbox.counts()["received"] == 2 * (number + 1)


def test_what_fails_in_the_middle_of_a_transaction_leaves_nothing(url: str, postgresql: PostgreSQL) -> None:
    """REL27: the connection goes after the first half of a write."""
    half = text("INSERT INTO channel_pause VALUES ('c', 0)")
    with stores(url, 1) as (store,):

        def torn(connection: Connection) -> None:
            connection.execute(half)
            assert postgresql.drop_connections() > 0
            connection.execute(text("SELECT 1"))

        with pytest.raises(StoreError):
            store.database.write(torn)
        count = text("SELECT count(*) FROM channel_pause")
        assert store.database.read(lambda connection: connection.scalar(count)) == 0


def test_a_commit_is_synced_whatever_the_server_is_used_to(url: str, postgresql: PostgreSQL) -> None:
    postgresql.execute(f"ALTER DATABASE {url.rpartition('/')[2]} SET synchronous_commit = off")
    with stores(url, 1) as (store,):
        mode = text("SHOW synchronous_commit")
        assert store.database.write(lambda connection: connection.scalar(mode)) == "on"
    assert schema.notice(url) is None


def test_a_server_that_only_reads_refuses_what_is_new(url: str, postgresql: PostgreSQL) -> None:
    """REL27: as after a failover to a standby. It recovers without a restart of ours."""
    name = url.rpartition("/")[2]
    with stores(url, 1) as (store,):
        store.inbox.accept(a_message("1"))
        postgresql.execute(f"ALTER DATABASE {name} SET default_transaction_read_only = on")
        postgresql.drop_connections()
        with pytest.raises(StoreError, match="read-only"):
            store.inbox.accept(a_message("2"))
        assert store.inbox.counts()["received"] == 1
        postgresql.execute(f"ALTER DATABASE {name} RESET default_transaction_read_only")
        postgresql.drop_connections()
        assert store.inbox.accept(a_message("2")).is_new


def test_a_server_that_says_nothing_is_not_waited_for(url: str, postgresql: PostgreSQL) -> None:
    """REL27: frozen, or behind a cable that was cut. A hang would outlive the platform's deadline."""
    with stores(url, 1) as (store,):
        store.inbox.accept(a_message("1"))
        with postgresql.frozen():
            for _ in range(2):
                with hang_guard(), pytest.raises(StoreError, match="did not answer"):
                    store.inbox.accept(a_message("2"))
        assert store.inbox.accept(a_message("2")).item_id > 1


def test_one_process_is_elected_and_the_next_when_its_connection_ends(
    url: str, postgresql: PostgreSQL
) -> None:
    class Part:
        is_running = False

        def start(self) -> None:
            self.is_running = True

        def stop(self) -> None:
            self.is_running = False

    parts = [Part(), Part()]
    first, second = (OnlyOne(part, AdvisoryLock(url, "robot")) for part in parts)
    other = AdvisoryLock(url, "another robot")
    assert (first.step(), second.step(), other.is_won()) == (True, False, True)
    assert (first.step(), second.step()) == (True, False)
    postgresql.drop_connections()
    assert (second.step(), first.step()) == (True, False)
    assert [part.is_running for part in parts] == [False, True]
    second.stop()
    assert (first.step(), parts[1].is_running) == (True, False)
    first.stop()
    other.withdraw()


def test_a_process_that_starts_leaves_the_leases_of_the_others_alone(url: str) -> None:
    """The others are alive, and would lose what they are working on."""
    with a_store_at(url, HandClock(), busy_seconds=PROGRAMS_SECONDS) as busy:
        busy.inbox.accept(a_message())
        item = busy.inbox.claim()
        assert item is not None
        with a_store_at(url, busy.clock, busy_seconds=PROGRAMS_SECONDS) as starting:
            assert starting.inbox.rescue(all_leases=False) == 0
            assert starting.inbox.claim() is None
        assert busy.inbox.complete(item, Outcome((HELLO,)))[0].channel == ROOM


def test_the_server_s_own_tools_are_named_for_backups(url: str, tmp_path: Path) -> None:
    with pytest.raises(StoreError, match="for PostgreSQL use pg_dump and pg_restore"):
        backup(url, tmp_path)


def test_a_database_that_is_not_there_is_a_sentence_without_the_password(postgresql: PostgreSQL) -> None:
    wrong = postgresql.url_of("nothing").replace("kbdial@", "kbdial:hunter2@")
    with pytest.raises(SchemaError, match='database "nothing" does not exist') as refused:
        schema.check(wrong)
    assert "hunter2" not in str(refused.value)


def test_waiting_for_another_takes_no_longer_than_the_platform_waits(url: str) -> None:
    """A stranger holds what we need; the line behind it is refused in time, and nothing hangs."""
    stranger = (
        "import psycopg, sys; c = psycopg.connect(sys.argv[1]);"
        "c.execute('LOCK TABLE inbox IN ACCESS EXCLUSIVE MODE'); print('held', flush=True); sys.stdin.read()"
    )
    command = [sys.executable, "-c", stranger, url.replace("+psycopg", "")]
    with (
        stores(url, 1) as (store,),
        subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process,
    ):
        assert process.stdout is not None
        assert process.stdin is not None
        assert process.stdout.readline() == "held\n"
        with hang_guard(), pytest.raises(StoreError, match="timeout"):
            store.inbox.accept(a_message())
        process.stdin.close()
        process.wait(10)
        assert store.inbox.accept(a_message()).is_new
