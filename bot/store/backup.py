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
from sqlalchemy.exc import DBAPIError

from bot.store import schema
from bot.store.errors import SchemaError, StoreError
from bot.store.reconcile import Reconciled, with_what_came_since, without_what_came_since

# Between two pieces the writer gets its turn, so that acknowledgements do not wait.
PIECE_PAGES = 256
PAUSE_SECONDS = 0.005
_SIGN_IN_AGAIN = "Everybody signs in to the console anew, and admin codes not used yet are void."


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
        _create(beside)
        with (
            closing(sqlite3.connect(f"{source.absolute().as_uri()}?mode=ro", uri=True)) as original,
            closing(sqlite3.connect(beside)) as copy,
        ):
            original.backup(copy, pages=PIECE_PAGES, sleep=PAUSE_SECONDS)
            _refuse_damaged(copy, beside)
        _publish(beside, to)
    except OSError as failed:
        beside.unlink(missing_ok=True)
        raise StoreError(f"{to} cannot be written: {failed.strerror or failed}") from failed
    except sqlite3.Error as failed:
        beside.unlink(missing_ok=True)
        raise StoreError(f"no backup was made: {failed}") from failed
    return to.stat().st_size


def restore(database_url: str, original: Path) -> str:
    """Put a backup in place of the database; whoever calls holds the lock of the data folder.

    What was there is kept beside it, and what happened since the backup is taken over from it, see
    `bot.store.reconcile`. Returns sentences that say so.

    Raises:
        StoreError: the backup is missing or damaged; nothing was changed.
    """
    target = _path(database_url)
    if not original.is_file():
        raise StoreError(f"there is no backup {original}")
    target.parent.mkdir(parents=True, exist_ok=True)
    beside = target.with_name(target.name + ".restoring")
    _create(beside)
    try:
        with (
            closing(sqlite3.connect(f"{original.absolute().as_uri()}?mode=ro", uri=True)) as given,
            closing(sqlite3.connect(beside)) as copy,
        ):
            given.backup(copy)
            _refuse_damaged(copy, original)
        schema.migrate(f"sqlite:///{beside}")
        told = _reconcile(beside, target)
        aside = _put_aside(target)
        _publish(beside, target)
    except (sqlite3.Error, OSError, SchemaError, DBAPIError) as failed:
        beside.unlink(missing_ok=True)
        raise StoreError(f"nothing was restored: {failed}") from failed
    where = [f"What was there before is now {aside}."] if aside else []
    return " ".join([f"Restored {original}.", *where, *told])


def _reconcile(copy: Path, target: Path) -> list[str]:
    """Tell the copy what happened since it was made; sentences for the operator."""
    why = "there was no database to compare with"
    if target.exists():
        try:
            return _sentences(with_what_came_since(copy, target))
        except (sqlite3.Error, SchemaError, DBAPIError) as unreadable:
            why = f"what was there cannot be read ({unreadable})"
    done = without_what_came_since(copy)
    told = [f"What happened since the backup is not known: {why}."]
    if done.unknown:
        told.append(
            f"Its {done.unknown} open messages and replies may have been answered since: they are dead"
            " letters, and are answered when you replay them (python -m bot letters)."
        )
    if done.no_admins_any_more:
        told.append(
            "Rights by a code may have been taken away since, so they are gone: "
            f"{', '.join(done.no_admins_any_more)}."
        )
    return [*told, _SIGN_IN_AGAIN]


def _sentences(done: Reconciled) -> list[str]:
    told = [
        f"Kept from it: {done.came} messages that came after the backup, {done.open} still to be answered.",
        f"{done.closed} open messages of the backup had been dealt with since, and stay so.",
    ]
    if done.unknown:
        told.append(
            f"{done.unknown} messages and replies it does not know are dead letters (python -m bot letters)."
        )
    if done.no_admins_any_more:
        told.append(f"No admins any more, as before: {', '.join(done.no_admins_any_more)}.")
    if done.admins_since:
        told.append(f"Admins since the backup, who need a new code: {', '.join(done.admins_since)}.")
    return [*told, _SIGN_IN_AGAIN]


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


def _create(path: Path) -> None:
    """An empty file that only its owner reads: it will hold messages and addresses for answers."""
    path.unlink(missing_ok=True)
    os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_RDWR, 0o600))


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
