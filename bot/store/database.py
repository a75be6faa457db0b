"""The database behind the bot's own tables: who writes, who reads, how long anybody waits."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

from sqlalchemy import Connection
from sqlalchemy.engine import make_url
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from bot.store import locks, sqlite
from bot.store.errors import StoreError
from bot.store.file_watch import FileWatch
from bot.store.group_commit import GroupWriter, is_trouble_of_the_store
from bot.store.postgresql import begin_on, once_more_if_it_had_died, server_engine

T = TypeVar("T")

# As many as all threads of one process need at the same moment; five stay open.
MOST_CONNECTIONS = 30


class Database:
    """Writes are on the disk when `write` returns; readers see all of a write or nothing.

    On SQLite one thread writes and commits in groups (see group_commit.py). On PostgreSQL each
    write is a transaction of its own, side by side with others (see locks.py). A `work` may
    run while others are stored in the same transaction, so it does database things only and
    does them quickly.

    Opening does not create: the file is made by `schema.migrate`.
    """

    def __init__(self, url: str, *, busy_seconds: float = 1.5) -> None:
        self._busy_seconds = busy_seconds
        self._writer: GroupWriter | None = None
        self._files: FileWatch | None = None
        self._path: Path | None = None
        self._anchor: sqlite3.Connection | None = None
        if make_url(url).get_backend_name() == "sqlite":
            path = self._path = sqlite.path_of(url)
            self._files = FileWatch(path)
            self._writing = sqlite.engine_of(path, writes=True, wait_seconds=0.05)
            self._reading = sqlite.engine_of(path, writes=False, wait_seconds=busy_seconds)
            self._writer = GroupWriter(self._writing, busy_seconds=busy_seconds, problem=self._files.problem)
        else:
            self._writing = server_engine(
                url, answer_seconds=busy_seconds, pool_timeout=busy_seconds, max_overflow=MOST_CONNECTIONS - 5
            )
            self._reading = self._writing.execution_options(
                isolation_level="REPEATABLE READ", postgresql_readonly=True
            )

    def start(self) -> None:
        if self._path is not None and self._files is not None and self._anchor is None:
            self._anchor = self._open_keeper(self._path)
            if self._anchor is not None:
                self._files.begin()
        if self._writer is not None:
            self._writer.start()

    def stop(self) -> None:
        """Write what waits, then close. The last to close is the writer, which empties the log."""
        self._reading.dispose()
        if self._files is not None:
            self._files.end()
        if self._anchor is not None:
            self._anchor.close()
            self._anchor = None
        if self._writer is not None:
            self._writer.stop()
        self._writing.dispose()

    def write(self, work: Callable[[Connection], T], *, alone: bool = False) -> T:
        """Run `work` in a transaction and return its result once that is committed and synced.

        `alone`: while nothing else is written, for what touches many lines at once. Such work has no
        platform's deadline to keep, so a slow disk may take its time.

        Raises:
            StoreError: not committed in time, or not at all.
        """
        if self._writer is not None:
            return self._writer.write(work, is_unhurried=alone)
        return _guard(lambda: self._in_own_transaction(work, alone=alone))

    def probe(self) -> None:
        """Write and sync something that means nothing.

        Raises:
            StoreError: what is accepted now would not be kept.
        """
        self.write(_touch)
        if self._files is not None:
            try:
                self._files.try_disk()
            except OSError as problem:
                raise StoreError(f"the disk did not take the write: {problem.strerror}") from problem

    def log_bytes(self) -> int:
        """The size of SQLite's log; 0 on a server, which looks after its own."""
        return 0 if self._files is None else self._files.log_bytes()

    def read(self, work: Callable[[Connection], T]) -> T:
        """Run `work` on one state of the database, on a connection that cannot write.

        Raises:
            StoreError: the database cannot be read, or not in time.
        """
        if self._files is not None and (problem := self._files.problem()):
            raise StoreError(problem)

        def reading() -> T:
            with self._reading.connect() as connection:
                return work(connection)

        return _guard(lambda: once_more_if_it_had_died(reading))

    def _open_keeper(self, path: Path) -> sqlite3.Connection | None:
        """A connection that keeps the log's files in their places for as long as we run."""
        try:
            connection = sqlite.connect(path, writes=False, wait_seconds=self._busy_seconds)
            connection.execute("SELECT 1 FROM sqlite_master").fetchone()
        except sqlite3.Error:
            # Whoever reads or writes is told why, each time.
            return None
        return connection

    def _in_own_transaction(self, work: Callable[[Connection], T], *, alone: bool) -> T:
        with begin_on(self._writing, locks.alone if alone else locks.side_by_side) as connection:
            result = work(connection)
            connection.commit()
            return result


def _touch(connection: Connection) -> None:
    if connection.dialect.name == "sqlite":
        version = connection.exec_driver_sql("PRAGMA user_version").scalar_one()
        connection.exec_driver_sql(f"PRAGMA user_version = {(version + 1) % 1000}")
    else:
        connection.exec_driver_sql("SELECT pg_current_xact_id()")


def _guard(action: Callable[[], T]) -> T:
    try:
        return action()
    except DBAPIError as problem:
        if not is_trouble_of_the_store(problem):
            raise
        raise StoreError(f"the database did not answer: {problem.orig}") from problem
    except PoolTimeout as problem:
        raise StoreError("the database did not answer: all connections are in use") from problem
