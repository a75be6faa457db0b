"""Group commit: one thread writes to SQLite, and commits for everybody who waits at that moment.

    write ──► line ──► BEGIN IMMEDIATE ─ SAVEPOINT work RELEASE ─ … ─ COMMIT ──► each its own result

A commit costs the same for one write as for thirty, so those that wait share it. A work
that raises is rolled back to its own savepoint and harms nobody else. Nobody is answered
before the commit is on the disk. The same connection does all checkpoints, as part of a commit.
"""

from __future__ import annotations

import sqlite3
import threading
import time
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from typing import Any, TypeVar, cast

from sqlalchemy import Connection, Engine
from sqlalchemy.exc import DBAPIError, IntegrityError

from bot.store.errors import StoreError

T = TypeVar("T")

# A line this long takes far more than a web request's time to serve; waiting longer helps nobody.
LINE = 1000
# Bounds how long the first of a group waits for the others' work.
GROUP = 64
# How often a blocked writer looks whether those who wait have given up. SQLite itself
# sleeps up to this long between two tries for the lock.
BLOCKED_SECONDS = 0.05
# What a commit that has begun may take on top: it can no longer be taken back, only disowned.
COMMIT_SECONDS = 0.4
# The same where no platform waits for an answer, such as for a program that starts on a busy machine.
UNHURRIED_COMMIT_SECONDS = 30.0


class _Write:
    """One work in the line. `finished` is set once, after result or error."""

    __slots__ = ("deadline", "error", "finished", "result", "work")

    def __init__(self, work: Callable[[Connection], Any], deadline: float) -> None:
        self.work = work
        self.deadline = deadline
        self.finished = threading.Event()
        self.result: Any = None
        self.error: Exception | None = None

    def fail(self, error: Exception) -> None:
        self.error = error
        self.finished.set()


class GroupWriter:
    """Runs works one after the other, and commits them in groups.

    What waits when `stop` is called is still written. `problem` says why nothing that is written
    would be found again; it is asked before each commit and after it, before anybody is answered.
    """

    def __init__(
        self,
        engine: Engine,
        *,
        busy_seconds: float,
        longest_line: int = LINE,
        problem: Callable[[], str | None] = lambda: None,
    ) -> None:
        self._engine = engine
        self._problem = problem
        self._longest_line = longest_line
        self._busy_seconds = busy_seconds
        self._line: deque[_Write] = deque()
        self._changed = threading.Condition()
        self._is_open = False
        self._thread: threading.Thread | None = None
        self._connection: Connection | None = None

    def start(self) -> None:
        if self._thread is not None:
            return
        self._is_open = True
        self._thread = threading.Thread(target=self._run, name="store-writer", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        with self._changed:
            self._is_open = False
            self._changed.notify_all()
        if self._thread is not None:
            self._thread.join()
            self._thread = None

    def write(self, work: Callable[[Connection], T], *, is_unhurried: bool = False) -> T:
        """The result of `work`, once it is committed; `is_unhurried`: a slow disk may take its time.

        Raises:
            StoreError: not committed, or not in time; what `work` raises.
        """
        commit_seconds = UNHURRIED_COMMIT_SECONDS if is_unhurried else COMMIT_SECONDS
        write = _Write(work, time.monotonic() + self._busy_seconds)
        with self._changed:
            if not self._is_open:
                raise StoreError("the store is not running")
            if len(self._line) >= self._longest_line:
                raise StoreError(f"{self._longest_line} writes are waiting already")
            self._line.append(write)
            self._changed.notify()
        if not write.finished.wait(self._busy_seconds + commit_seconds):
            raise StoreError(f"no answer from the disk within {self._busy_seconds + commit_seconds} s")
        if write.error is not None:
            raise write.error
        return cast("T", write.result)

    def _run(self) -> None:
        while True:
            with self._changed:
                self._changed.wait_for(lambda: self._line or not self._is_open)
                if not self._line:
                    break
            self._serve()
        self._close()

    def _serve(self) -> None:
        """Commit one group; whatever happens, everybody in it is answered."""
        if problem := self._problem():
            self._save_log()
            self._fail(self._take(), problem)
            return
        try:
            connection = self._begin()
            if connection is None:
                return
        except (sqlite3.Error, DBAPIError) as failed:
            self._close()
            self._fail(self._take(), failed)
            return
        group = self._take()
        try:
            self._run_works(connection, group)
            connection.commit()
        except (sqlite3.Error, DBAPIError) as failed:
            self._close()
            self._fail(group, failed)
            return
        if problem := self._problem():
            # It is committed, perhaps to a file that nobody finds again.
            self._fail(group, problem)
            return
        for write in group:
            write.finished.set()

    def _begin(self) -> Connection | None:
        """The connection, with the write lock held; None when nobody waits for it any more."""
        if self._connection is None:
            self._connection = self._engine.connect()
        while True:
            try:
                # IMMEDIATE: a transaction that reads before it writes would fail at once, busy
                # timeout or not, when another process has written in between.
                _driver(self._connection).execute("BEGIN IMMEDIATE")
            except sqlite3.OperationalError as blocked:
                if blocked.sqlite_errorcode & 0xFF != sqlite3.SQLITE_BUSY:
                    raise
                self._fail(self._take_late(), blocked)
                if not self._line:
                    return None
            else:
                self._connection.begin()
                return self._connection

    def _run_works(self, connection: Connection, group: list[_Write]) -> None:
        driver = _driver(connection)
        for write in group:
            driver.execute("SAVEPOINT work")
            try:
                write.result = write.work(connection)
            except Exception as problem:
                if not driver.in_transaction:
                    # A full disk ends the whole transaction, what was done before included.
                    raise sqlite3.OperationalError(str(problem)) from problem
                driver.execute("ROLLBACK TO work")
                write.error = _as_store_error(problem)
            driver.execute("RELEASE work")

    def _take(self) -> list[_Write]:
        with self._changed:
            return [self._line.popleft() for _ in range(min(GROUP, len(self._line)))]

    def _take_late(self) -> list[_Write]:
        now = time.monotonic()
        with self._changed:
            late = [write for write in self._line if write.deadline <= now]
            for write in late:
                self._line.remove(write)
        return late

    @staticmethod
    def _fail(group: list[_Write], problem: Exception | str) -> None:
        words = problem if isinstance(problem, str) else _words(problem)
        for write in group:
            write.fail(StoreError(f"the database did not take the write: {words}"))

    def _save_log(self) -> None:
        """Put into the database what so far is in its log alone, which may have lost its name."""
        if self._connection is not None:
            with suppress(sqlite3.Error):  # nothing else can be done for it
                _driver(self._connection).execute("PRAGMA wal_checkpoint(FULL)").fetchall()

    def _close(self) -> None:
        """Let the connection go; the next group opens a new one, whatever happened to the file."""
        connection, self._connection = self._connection, None
        if connection is not None:
            connection.invalidate()
            connection.close()


def _driver(connection: Connection) -> sqlite3.Connection:
    return cast("sqlite3.Connection", connection.connection.driver_connection)


def _words(problem: Exception) -> str:
    return str(problem.orig) if isinstance(problem, DBAPIError) else str(problem)


def is_trouble_of_the_store(problem: Exception) -> bool:
    """Whether the database failed, as opposed to the one who asked it."""
    return isinstance(problem, DBAPIError) and not isinstance(problem, IntegrityError)


def _as_store_error(problem: Exception) -> Exception:
    if not is_trouble_of_the_store(problem):
        return problem
    error = StoreError(f"the database did not take the write: {_words(problem)}")
    error.__cause__ = problem
    return error
