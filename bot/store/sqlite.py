"""Opening a SQLite file the way this store wants it opened.

Nothing here creates a file: a path that is not there is an error, because a fresh empty
database in the place of a lost one would look like success.
"""

from __future__ import annotations

import sqlite3
from pathlib import Path
from urllib.parse import quote

from sqlalchemy import Connection, Engine, QueuePool, create_engine, event
from sqlalchemy.engine import make_url

from bot.store.errors import StoreError

# 16 MiB of log between checkpoints: one commit in some hundreds pays for one, well above the 99th percentile.
CHECKPOINT_PAGES = 4000


def path_of(database_url: str) -> Path:
    name = make_url(database_url).database
    if not name or name == ":memory:":
        raise StoreError(
            f'database_url wants a file, for example "sqlite:///data/bot.db" (got "{database_url}")'
        )
    return Path(name)


def connect(path: Path, *, writes: bool, wait_seconds: float) -> sqlite3.Connection:
    """The driver's own connection to a file that exists.

    Raises:
        sqlite3.Error: it does not, or is no database.
    """
    connection = sqlite3.connect(
        f"file:{quote(str(path))}?mode=rw",
        uri=True,
        timeout=wait_seconds,
        isolation_level=None,
        check_same_thread=False,
    )
    try:
        _prepare(connection, writes=writes)
    except sqlite3.Error:
        connection.close()
        raise
    return connection


def engine_of(path: Path, *, writes: bool, wait_seconds: float) -> Engine:
    """A pool of connections, read-only unless `writes`. Writers begin by hand, see group_commit.py."""
    engine = create_engine(
        "sqlite://",
        creator=lambda: connect(path, writes=writes, wait_seconds=wait_seconds),
        poolclass=QueuePool,
        pool_size=1 if writes else 4,
        max_overflow=0 if writes else -1,
        pool_reset_on_return="rollback",
    )
    if not writes:

        @event.listens_for(engine, "begin")
        def _begin(connection: Connection) -> None:
            # The driver would begin at the first statement that writes, that is never: one
            # piece of reading would then see several states of the file.
            connection.exec_driver_sql("BEGIN")

    return engine


def _prepare(connection: sqlite3.Connection, *, writes: bool) -> None:
    # FULL: what was committed survives a power cut. It costs 0.3 ms a commit, shared by a group.
    connection.execute("PRAGMA synchronous = FULL")
    if writes:
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute(f"PRAGMA wal_autocheckpoint = {CHECKPOINT_PAGES}")
        connection.execute("PRAGMA journal_size_limit = 67108864")
    else:
        connection.execute("PRAGMA wal_autocheckpoint = 0")
        connection.execute("PRAGMA query_only = ON")
