"""A copy of the database while it is in use, and the way back.

Only for SQLite; a PostgreSQL server has its own tools (`pg_dump`), and we say so.
"""

from __future__ import annotations

import os
import sqlite3
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

from sqlalchemy.engine import make_url

from bot.store.errors import StoreError

# Between two pieces the writer gets its turn, so that acknowledgements do not wait.
PIECE_PAGES = 256
PAUSE_SECONDS = 0.005


def backup(database_url: str, to: Path) -> int:
    """Copy everything committed so far into the new file `to`; returns its size in bytes.

    Raises:
        StoreError: `to` exists, cannot be written, or the database is not SQLite.
    """
    source = _path(database_url)
    if to.exists():
        raise StoreError(f"{to} exists already; name a new file")
    beside = to.with_name(to.name + ".part")
    try:
        with (
            closing(sqlite3.connect(f"{source.absolute().as_uri()}?mode=ro", uri=True)) as original,
            closing(sqlite3.connect(beside)) as copy,
        ):
            original.backup(copy, pages=PIECE_PAGES, sleep=PAUSE_SECONDS)
            _refuse_damaged(copy, beside)
        _publish(beside, to)
    except (sqlite3.Error, OSError) as failed:
        beside.unlink(missing_ok=True)
        raise StoreError(f"no backup was made: {failed}") from failed
    return to.stat().st_size


def restore(database_url: str, original: Path) -> str:
    """Put a backup in place of the database; whoever calls holds the lock of the data folder.

    What was there is kept beside it. Returns a sentence that says so.

    Raises:
        StoreError: the backup is missing or damaged; nothing was changed.
    """
    target = _path(database_url)
    if not original.is_file():
        raise StoreError(f"there is no backup {original}")
    target.parent.mkdir(parents=True, exist_ok=True)
    beside = target.with_name(target.name + ".restoring")
    beside.unlink(missing_ok=True)
    try:
        with (
            closing(sqlite3.connect(f"{original.absolute().as_uri()}?mode=ro", uri=True)) as given,
            closing(sqlite3.connect(beside)) as copy,
        ):
            given.backup(copy)
            _refuse_damaged(copy, original)
        aside = _put_aside(target)
        _publish(beside, target)
    except (sqlite3.Error, OSError) as failed:
        beside.unlink(missing_ok=True)
        raise StoreError(f"nothing was restored: {failed}") from failed
    return f"Restored {original}." + (f" What was there before is now {aside}." if aside else "")


def _path(database_url: str) -> Path:
    url = make_url(database_url)
    if url.get_backend_name() != "sqlite" or not url.database:
        raise StoreError("backup and restore are for SQLite; for PostgreSQL use pg_dump and pg_restore")
    return Path(url.database)


def _refuse_damaged(database: sqlite3.Connection, path: Path) -> None:
    verdict = database.execute("PRAGMA quick_check").fetchone()[0]
    known = database.execute("SELECT 1 FROM sqlite_master WHERE name = 'alembic_version'").fetchone()
    if verdict != "ok" or not known:
        raise sqlite3.DatabaseError(f"{path} is {verdict if verdict != 'ok' else 'no database of kbdial'}")


def _put_aside(target: Path) -> Path | None:
    """Move the database away with its log, which belongs to it and must not meet the restored one."""
    if not target.exists():
        return None
    aside = target.with_name(f"{target.name}.before-{datetime.now(UTC):%Y%m%dT%H%M%S%f}")
    for suffix in ("-wal", "-shm"):
        log = target.with_name(target.name + suffix)
        if log.exists():
            log.rename(aside.with_name(aside.name + suffix))
    target.rename(aside)
    return aside


def _publish(beside: Path, to: Path) -> None:
    """After this returns, the file is there under its name, whatever happens to the machine."""
    _sync(beside)
    beside.rename(to)
    _sync(to.parent)


def _sync(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
