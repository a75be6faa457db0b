"""One owner for each data folder and for each database file, however many programs are pointed at them."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from filelock import FileLock, Timeout
from sqlalchemy.engine import make_url

from bot.config import Bot
from bot.process import control_socket


class CannotStart(Exception):
    """The reason the program cannot run, and what to do, as sentences for the operator."""


class WrongUsage(CannotStart):
    """Arguments and configuration that do not go together: every such mistake, a line each."""


def is_sqlite(bot: Bot) -> bool:
    """Whether one process has the database to itself; a server has many guests."""
    return make_url(bot.database_url).get_backend_name() == "sqlite"


@contextmanager
def exclusive_data_dir(data_dir: Path) -> Iterator[None]:
    """Hold the lock of the data folder.

    Raises:
        CannotStart: another program has it, or it cannot be used.
    """
    lock = FileLock(data_dir / "bot.lock", blocking=False)
    try:
        data_dir.mkdir(parents=True, exist_ok=True)
        lock.acquire()
    except Timeout:
        process = control_socket.who(data_dir)
        by = f" (process {process})" if process else ""
        raise CannotStart(
            f"The data folder {data_dir} is in use by another kbdial{by}. "
            "Stop that one first, or set [bot] data_dir."
        ) from None
    except OSError as unusable:
        raise CannotStart(f"[bot] data_dir: {data_dir} cannot be used: {unusable.strerror}") from None
    try:
        yield
    finally:
        lock.release()


@contextmanager
def only_user(database_url: str) -> Iterator[None]:
    """Hold the lock of the database itself, whatever data folder the others have. A server needs none.

    Raises:
        CannotStart: another program has it open, or its folder cannot be used.
    """
    url = make_url(database_url)
    if url.get_backend_name() != "sqlite" or not url.database:
        yield
        return
    # Resolved, because two names of one file are one database.
    database = Path(url.database).resolve()
    lock = FileLock(database.with_name(f"{database.name}.lock"), blocking=False)
    try:
        database.parent.mkdir(parents=True, exist_ok=True)
        lock.acquire()
    except Timeout:
        raise CannotStart(
            f"The database {database} is in use by another kbdial with another data folder. "
            "Stop that one first, or set [bot] database_url."
        ) from None
    except OSError as unusable:
        raise CannotStart(f"[bot] database_url: {database} cannot be used: {unusable.strerror}") from None
    try:
        yield
    finally:
        lock.release()
