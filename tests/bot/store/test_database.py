from __future__ import annotations

import ast
import sqlite3
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Connection, event, text
from sqlalchemy.exc import IntegrityError, OperationalError

import bot.store
from bot.domain import Outcome
from bot.store import Database, StoreError
from tests.bot.store.building import HELLO, PROGRAMS_SECONDS, HandClock, Store, a_message, a_store, url_of
from tests.support.hang_guard import hang_guard

STRANGER = """
import sqlite3, sys
database = sqlite3.connect(sys.argv[1], isolation_level=None)
database.execute("BEGIN EXCLUSIVE")
print("locked", flush=True)
sys.stdin.read()
"""


@pytest.fixture
def store(path: Path, clock: HandClock) -> Iterator[Store]:
    """What is tested here is how SQLite is used; PostgreSQL has a file of its own."""
    with a_store(path, clock, busy_seconds=PROGRAMS_SECONDS) as store:
        yield store


@contextmanager
def a_stranger_holding(path: Path) -> Iterator[None]:
    """Another process that has the database locked until we leave."""
    command = [sys.executable, "-c", STRANGER, str(path)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as stranger:
        assert stranger.stdout is not None
        assert stranger.stdout.readline() == "locked\n"
        try:
            yield
        finally:
            assert stranger.stdin is not None
            stranger.stdin.close()


def _insert(channel: str) -> Callable[[Connection], int]:
    statement = text("INSERT INTO channel_pause VALUES (:channel, 0)")
    return lambda connection: connection.execute(statement, {"channel": channel}).rowcount


def _channels(store: Store) -> list[str]:
    return list(
        store.database.read(
            lambda connection: connection.scalars(
                text("SELECT channel FROM channel_pause ORDER BY channel")
            ).all()
        )
    )


def _all_in_one_group(store: Store, works: list[Callable[[Connection], object]]) -> list[object]:
    """Run the works while the writer is held, so that it finds them all waiting."""
    results: list[object] = [None] * len(works)
    is_held, go_on = threading.Event(), threading.Event()

    def hold(_connection: Connection) -> None:
        is_held.set()
        go_on.wait()

    def run(number: int) -> None:
        try:
            results[number] = store.database.write(works[number])
        except (KeyError, IntegrityError) as problem:
            results[number] = problem

    holder = threading.Thread(target=lambda: store.database.write(hold))
    holder.start()
    is_held.wait()
    writer = store.database._writer
    assert writer is not None
    threads = [threading.Thread(target=run, args=(number,)) for number in range(len(works))]
    for number, thread in enumerate(threads):
        thread.start()
        while len(writer._line) <= number:
            time.sleep(0)
    go_on.set()
    for thread in (holder, *threads):
        thread.join()
    return results


def test_one_failing_work_harms_none_of_its_group(store: Store) -> None:
    def fail(connection: Connection) -> None:
        _insert("lost")(connection)
        raise KeyError("mine alone")

    first, mistake, repeat, last = _all_in_one_group(store, [_insert("a"), fail, _insert("a"), _insert("b")])
    assert (first, last) == (1, 1)
    assert isinstance(mistake, KeyError)
    assert isinstance(repeat, IntegrityError)
    assert _channels(store) == ["a", "b"]


def test_those_who_wait_share_one_commit(store: Store) -> None:
    commits = []
    driver = sqlite3.Connection
    writer = store.database._writer
    assert writer is not None
    store.database.write(_insert("first"))
    assert writer._connection is not None
    connection = writer._connection.connection.driver_connection
    assert isinstance(connection, driver)
    connection.set_trace_callback(lambda said: commits.append(said) if said == "COMMIT" else None)
    _all_in_one_group(store, [_insert(f"c{number}") for number in range(10)])
    assert len(commits) == 2  # the one that held the writer, and the ten


def test_a_commit_is_synced_and_logged(store: Store) -> None:
    pragmas = [("journal_mode", "wal"), ("synchronous", 2)]
    for name, value in pragmas:
        assert store.database.write(partial(Connection.scalar, statement=text(f"PRAGMA {name}"))) == value


def test_readers_cannot_write_and_do_no_checkpoints(store: Store) -> None:
    with pytest.raises(StoreError, match="readonly"):
        store.database.read(_insert("a"))
    autocheckpoint = text("PRAGMA wal_autocheckpoint")
    assert store.database.read(lambda connection: connection.scalar(autocheckpoint)) == 0


def test_a_reader_sees_one_state_however_long_it_reads(store: Store) -> None:
    count = text("SELECT count(*) FROM channel_pause")

    def read(connection: Connection) -> tuple[object, object]:
        before = connection.scalar(count)
        store.database.write(_insert("a"))
        return before, connection.scalar(count)

    assert store.database.read(read) == (0, 0)


def test_a_locked_database_refuses_in_time_and_recovers(store: Store, path: Path) -> None:
    store.inbox.accept(a_message("1"))
    problems: list[StoreError] = []

    def accept(name: str) -> None:
        try:
            store.inbox.accept(a_message(name))
        except StoreError as problem:
            problems.append(problem)

    with a_stranger_holding(path), hang_guard():
        threads = [threading.Thread(target=accept, args=(f"late {number}",)) for number in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert [str(problem) for problem in problems] == [
        "the database did not take the write: database is locked"
    ] * 8
    assert store.inbox.accept(a_message("late 1")).is_new


def test_a_store_that_is_not_running_says_so(store: Store) -> None:
    store.database.stop()
    store.database.stop()
    with pytest.raises(StoreError, match="not running"):
        store.inbox.accept(a_message())


def test_stopping_writes_what_waits(store: Store, path: Path, clock: HandClock) -> None:
    writer = store.database._writer
    assert writer is not None
    is_held, go_on = threading.Event(), threading.Event()

    def hold(_connection: Connection) -> None:
        is_held.set()
        go_on.wait()

    threads = [threading.Thread(target=lambda: store.database.write(hold))]
    threads[0].start()
    is_held.wait()
    threads.append(threading.Thread(target=lambda: store.database.write(_insert("a"))))
    threads[1].start()
    while not writer._line:
        time.sleep(0)
    threads.append(threading.Thread(target=store.database.stop))
    threads[2].start()
    while writer._is_open:
        time.sleep(0)
    go_on.set()
    for thread in threads:
        thread.join()
    with a_store(path, clock) as again:
        assert _channels(again) == ["a"]


def test_opening_never_creates(tmp_path: Path) -> None:
    database = Database(url_of(tmp_path / "none.db"))
    database.start()
    with pytest.raises(StoreError, match="unable to open"):
        database.write(_insert("a"))
    with pytest.raises(StoreError, match="unable to open"):
        database.read(_insert("a"))
    database.stop()
    assert list(tmp_path.iterdir()) == []


def test_a_database_in_memory_is_refused() -> None:
    with pytest.raises(StoreError, match="wants a file"):
        Database("sqlite://")


def test_a_line_that_is_too_long_refuses_at_once(store: Store) -> None:
    writer = store.database._writer
    assert writer is not None
    is_held, go_on = threading.Event(), threading.Event()

    def hold(_connection: Connection) -> None:
        is_held.set()
        go_on.wait()

    holder = threading.Thread(target=lambda: store.database.write(hold))
    holder.start()
    is_held.wait()
    waiting = [threading.Thread(target=lambda: store.database.write(lambda _: None)) for _ in range(3)]
    writer._longest_line = 3
    for thread in waiting:
        thread.start()
    while len(writer._line) < 3:
        time.sleep(0)
    with pytest.raises(StoreError, match="3 writes are waiting"):
        store.database.write(_insert("a"))
    go_on.set()
    for thread in (holder, *waiting):
        thread.join()


def test_work_without_a_deadline_waits_for_a_slow_disk(store: Store) -> None:
    """A program that starts on a busy machine is no program whose database is broken."""
    is_held, go_on = threading.Event(), threading.Event()
    made: list[int] = []

    def hold(_connection: Connection) -> int:
        is_held.set()
        go_on.wait()
        return 7

    holder = threading.Thread(target=lambda: made.append(store.database.write(hold, alone=True)))
    holder.start()
    is_held.wait()
    with pytest.raises(StoreError, match="no answer from the disk"):  # which came later, and gave up
        store.database.write(_insert("a"))
    go_on.set()
    holder.join()
    assert made == [7]


def test_a_full_disk_harms_what_was_not_committed_only(store: Store) -> None:
    store.inbox.accept(a_message("1"))
    pages = store.database.write(lambda connection: connection.scalar(text("PRAGMA page_count")))
    store.database.write(
        lambda connection: connection.execute(text(f"PRAGMA max_page_count = {pages}")).scalar()
    )
    with pytest.raises(StoreError, match="full"):
        store.inbox.accept(a_message("2", text="x" * 100_000))
    store.database.write(
        lambda connection: connection.execute(text("PRAGMA max_page_count = 1000000")).scalar()
    )
    assert store.inbox.accept(a_message("2", text="x" * 100_000)).is_new
    assert not store.inbox.accept(a_message("1")).is_new


def test_the_trouble_of_the_store_is_told_from_a_mistake(store: Store) -> None:
    with pytest.raises(StoreError) as raised:
        store.database.write(lambda connection: connection.execute(text("SELECT nonsense")))
    assert isinstance(raised.value.__cause__, OperationalError)


def test_looking_for_work_never_reads_the_history(store: Store) -> None:
    executed: list[str] = []

    def write_down(connection: Connection) -> None:
        # The driver sees what is prepared, too.
        driver: Any = connection.connection.driver_connection
        driver.set_trace_callback(executed.append)

    for engine in (store.database._writing, store.database._reading):
        event.listen(engine, "begin", write_down)
    store.inbox.accept(a_message())
    item = store.inbox.claim()
    assert item is not None
    for delivery in store.inbox.complete(item, Outcome(replies=(HELLO,))):
        store.outbox.complete(delivery, "r1")
    store.outbox.claim()
    store.due.look()
    for box in (store.inbox, store.outbox):
        box.counts()
        box.rescue(all_leases=False)
    store.inbox.engine_is_back()
    queries = [statement for statement in executed if statement.startswith(("SELECT", "UPDATE"))]
    assert len(queries) > 15

    def plans(connection: Connection) -> list[str]:
        return [
            f"{row[3]} in {statement}"
            for statement in queries
            for row in connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}")
        ]

    scans = [
        plan
        for plan in store.database.read(plans)
        if plan.startswith(("SCAN inbox", "SCAN outbox", "SCAN other", "SCAN mate"))
        and "INDEX ix_" not in plan
    ]
    assert scans == []


def test_no_statement_returns_what_it_looks_up_by_a_select() -> None:
    """For SQLite, SQLAlchemy leaves the names of tables out there: `a.x = b.x` becomes `x = x`."""
    found = [
        f"{path.name}:{call.lineno}"
        for path in sorted(Path(bot.store.__path__[0]).glob("*.py"))
        for call in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(call, ast.Call)
        and isinstance(call.func, ast.Attribute)
        and call.func.attr == "returning"
        for part in call.args
        if any(isinstance(node, ast.Name) and node.id == "select" for node in ast.walk(part))
    ]
    assert found == []
