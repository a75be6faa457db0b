"""Connections to a PostgreSQL server, whose driver is an optional extra.

Whatever happens to the server or to the cable, whoever asks it something is answered in
time: its own limits end what takes too long there, and ours end a silence.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Generator
from typing import Any, TypeVar

from sqlalchemy import Connection, Engine, Select, create_engine, event
from sqlalchemy.exc import DBAPIError

from bot.store.errors import SchemaError

T = TypeVar("T")

# The driver takes no less.
SHORTEST_CONNECT_SECONDS = 2
# The server's own limit should be the one that is met: its errors say more than a silence.
SILENCE_SECONDS = 0.3
# What fails as fast as this was a connection that had died before, and not a server that is gone.
PROMPT_SECONDS = 0.3


def server_engine(url: str, *, answer_seconds: float | None = None, **options: Any) -> Engine:
    """SQLAlchemy's engine for this address; `answer_seconds` limits each statement (None: no limit).

    Raises:
        SchemaError: the driver is not installed; the message says how to get it.
    """
    try:
        engine = create_engine(url, connect_args=_limits(answer_seconds), **options)
    except ModuleNotFoundError as missing:
        raise SchemaError(
            f"PostgreSQL needs its driver {missing.name}; in kbdial's checkout, "
            "`.venv/bin/python -m pip install -e '.[postgresql]'` brings it"
        ) from None
    if answer_seconds is not None:
        _refuse_silence(engine, answer_seconds + SILENCE_SECONDS)
    return engine


def begin_on(engine: Engine, first: Select[Any]) -> Connection:
    """A connection on which `first` went through; one that had died unnoticed is replaced.

    Raises:
        DBAPIError: there is no server to be had.
    """
    return once_more_if_it_had_died(lambda: _begin(engine, first))


def once_more_if_it_had_died(action: Callable[[], T]) -> T:
    """Do it again when a connection of the pool turned out to be dead. Nothing may have been changed."""
    began = time.monotonic()
    try:
        return action()
    except DBAPIError as gone:
        # With the first one SQLAlchemy lets go of all connections of that time.
        if not gone.connection_invalidated or time.monotonic() - began > PROMPT_SECONDS:
            raise
    return action()


def _begin(engine: Engine, first: Select[Any]) -> Connection:
    connection = engine.connect()
    try:
        connection.execute(first)
    except BaseException:
        connection.close()
        raise
    return connection


def _limits(answer_seconds: float | None) -> dict[str, Any]:
    if answer_seconds is None:
        return {"connect_timeout": 10}
    milliseconds = int(answer_seconds * 1000)
    return {
        "connect_timeout": max(SHORTEST_CONNECT_SECONDS, round(answer_seconds)),
        # Committed means synced, whatever the server's default is.
        "options": f"-c lock_timeout={milliseconds} -c statement_timeout={milliseconds}"
        " -c synchronous_commit=on",
    }


def _refuse_silence(engine: Engine, seconds: float) -> None:
    """A server that was cut off says nothing for minutes, and its own limits are no help then."""

    @event.listens_for(engine, "connect")
    def _limit(connection: Any, _record: object) -> None:
        wait = connection.wait

        def silent() -> Exception:
            connection.close()
            failed: Exception = engine.dialect.loaded_dbapi.OperationalError(f"no answer within {seconds} s")
            return failed

        connection.wait = lambda steps, *rest, **named: wait(_within(seconds, steps, silent), *rest, **named)


def _within(
    seconds: float, steps: Generator[Any, Any, T], silent: Callable[[], Exception]
) -> Generator[Any, Any, T]:
    """The driver's steps, which it is sent every moment whether or not there was an answer."""
    until = time.monotonic() + seconds
    ready: Any = None
    while True:
        try:
            wanted = steps.send(ready)
        except StopIteration as done:
            result: T = done.value
            return result
        ready = yield wanted
        if not ready and time.monotonic() > until:
            raise silent()
