"""The version of the database: bringing it up to date, and refusing one that is not.

A new SQLite file is built beside its place and put there whole, so a file that exists is
never an unfinished one, and never one of ours when it is empty. An old one is changed in
one transaction: killed half way, it is as it was, and `migrate` can be called again.
"""

from __future__ import annotations

import importlib.util
import os
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from alembic.util import CommandError
from sqlalchemy import Connection, inspect, text
from sqlalchemy.engine import make_url
from sqlalchemy.exc import DBAPIError

from bot.store import sqlite
from bot.store.errors import SchemaError
from bot.store.postgresql import server_engine

_MIGRATE = "run `python -m bot migrate`"
_RESTORE = "bring back a backup with `python -m bot restore`"
# A migration may wait for a bot that is just stopping, not for one that runs on.
_WAIT_SECONDS = 5.0


def migrate(database_url: str, *, scripts: Path | None = None) -> str:
    """Create the database or bring it up to date; the revision it has now.

    `scripts` is where the migrations are: by default the package of that name.

    Raises:
        SchemaError: it is damaged, newer than this program, or not ours. It is left as it was.
    """
    scripts = scripts or _own_scripts()
    if make_url(database_url).get_backend_name() == "sqlite":
        path = sqlite.path_of(database_url)
        _remove_unfinished(path)
        if not path.exists():
            _create(path, scripts)
        else:
            with _open(path, writes=True) as connection:
                _refuse_damaged(connection, path)
                _upgrade(connection, scripts, str(path))
    else:
        with _server(database_url) as connection:
            _upgrade(connection, scripts, "the database")
    return _newest(scripts)


def check(database_url: str, *, scripts: Path | None = None) -> None:
    """Return if this program may open the database. Nothing is created or changed.

    Raises:
        SchemaError: why not, and what to do.
    """
    scripts = scripts or _own_scripts()
    if make_url(database_url).get_backend_name() != "sqlite":
        with _server(database_url) as connection:
            _refuse_unknown(connection, scripts, "the database")
        return
    path = sqlite.path_of(database_url)
    if not path.exists():
        raise SchemaError(f"there is no database at {path}: {_MIGRATE}")
    with _open(path, writes=False) as connection:
        _refuse_damaged(connection, path)
        _refuse_unknown(connection, scripts, str(path))


def notice(database_url: str) -> str | None:
    """A sentence for `check` about a database that works, and may lose what it was given.

    Raises:
        SchemaError: it cannot be reached.
    """
    if make_url(database_url).get_backend_name() == "sqlite":
        # SQLite before 3.51.3 can damage a database that two processes write to; here only one does.
        return None
    with _server(database_url) as connection:
        if connection.scalar(text("SHOW fsync")) == "on":
            return None
    return "the server runs with fsync = off: what was acknowledged is lost when the power goes"


def _own_scripts() -> Path:
    package = importlib.util.find_spec("migrations")
    if package is None or not package.submodule_search_locations:
        raise SchemaError("the package `migrations` is missing: install kbdial again")
    return Path(package.submodule_search_locations[0])


def _config(scripts: Path) -> Config:
    config = Config()
    # Alembic reads this as a format string.
    config.set_main_option("script_location", str(scripts).replace("%", "%%"))
    config.set_main_option("path_separator", "os")
    return config


def _newest(scripts: Path) -> str:
    head = ScriptDirectory.from_config(_config(scripts)).get_current_head()
    if head is None:
        raise AssertionError("a program without migrations; this is a bug")
    return head


def _create(path: Path, scripts: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    unfinished = _is_unfinished(path)
    # Addresses for answers are credentials, so the file is its owner's alone.
    os.close(os.open(unfinished, os.O_CREAT | os.O_EXCL | os.O_RDWR, 0o600))
    with _open(unfinished, writes=True, may_be_empty=True) as connection:
        _upgrade(connection, scripts, str(path))
    for leftover in _beside(path):
        # A log without its database would be played into the new one.
        if leftover.exists():
            raise SchemaError(f"{leftover} is left of a database that is gone: {_RESTORE}, or move it away")
    try:
        os.link(unfinished, path)  # unlike a rename, this never replaces what is there
    except FileExistsError:
        raise SchemaError(f"{path} was created by somebody else just now: {_MIGRATE} again") from None
    unfinished.unlink()
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)


def _is_unfinished(path: Path) -> Path:
    return path.with_name(path.name + ".new")


def _remove_unfinished(path: Path) -> None:
    """Delete the leftovers of a creation that was killed: nothing but empty tables was ever in them."""
    for leftover in (_is_unfinished(path), *_beside(_is_unfinished(path))):
        leftover.unlink(missing_ok=True)


def _beside(path: Path) -> tuple[Path, ...]:
    return tuple(path.with_name(path.name + suffix) for suffix in ("-wal", "-shm", "-journal"))


@contextmanager
def _open(path: Path, *, writes: bool, may_be_empty: bool = False) -> Iterator[Connection]:
    if not may_be_empty and path.stat().st_size == 0:
        raise SchemaError(f"{path} is empty, which no database of ours ever is: {_RESTORE}, or move it away")
    engine = sqlite.engine_of(path, writes=writes, wait_seconds=_WAIT_SECONDS)
    try:
        with engine.connect() as connection:
            yield connection
    except (sqlite3.Error, DBAPIError) as problem:
        cause = problem.orig if isinstance(problem, DBAPIError) else problem
        if isinstance(cause, sqlite3.OperationalError):
            raise SchemaError(f"{path} cannot be opened: {cause}") from problem
        raise SchemaError(f"{path} is damaged or no database ({cause}): {_RESTORE}") from problem
    finally:
        engine.dispose()


@contextmanager
def _server(database_url: str) -> Iterator[Connection]:
    engine = server_engine(database_url)
    try:
        with engine.connect() as connection:
            yield connection
    except DBAPIError as problem:
        raise SchemaError(f"the database cannot be reached: {problem.orig}") from problem
    finally:
        engine.dispose()


def _refuse_damaged(connection: Connection, path: Path) -> None:
    found = connection.execute(text("PRAGMA quick_check(1)")).scalar()
    connection.rollback()
    if found != "ok":
        what = " ".join(str(found).split())
        raise SchemaError(f"{path} is damaged ({what}): {_RESTORE}")


def _refuse_unknown(connection: Connection, scripts: Path, name: str) -> None:
    current, newest = _current(connection, name), _newest(scripts)
    if current == newest:
        return
    if current is None or _is_known(scripts, current):
        raise SchemaError(f"{name} is older than this program: {_MIGRATE}")
    raise SchemaError(_newer(name, current))


def _upgrade(connection: Connection, scripts: Path, name: str) -> None:
    current = _current(connection, name)
    if current is not None and not _is_known(scripts, current):
        raise SchemaError(_newer(name, current))
    connection.rollback()
    if connection.dialect.name == "sqlite":
        connection.exec_driver_sql("BEGIN IMMEDIATE")
    config = _config(scripts)
    config.attributes["connection"] = connection
    command.upgrade(config, "head")
    connection.commit()


def _current(connection: Connection, name: str) -> str | None:
    """The revision of the database; None for an empty one."""
    tables = inspect(connection).get_table_names()
    current = MigrationContext.configure(connection).get_current_revision()
    connection.rollback()
    if current is None and set(tables) - {"alembic_version"}:
        raise SchemaError(f"{name} holds other tables and is no database of kbdial: move it away")
    return current


def _is_known(scripts: Path, revision: str) -> bool:
    try:
        return ScriptDirectory.from_config(_config(scripts)).get_revision(revision) is not None
    except CommandError:
        return False


def _newer(name: str, revision: str) -> str:
    return f"{name} was written by a newer version (revision {revision}): install that version or a later one"
