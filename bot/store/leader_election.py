"""Leader election: which of several processes does what only one may do.

On SQLite there is one process, and it is elected. On PostgreSQL whoever holds an advisory
lock is; the server takes it back when the holder's connection ends, so a process that
dies makes room by itself.
"""

from __future__ import annotations

import logging
from contextlib import suppress
from hashlib import sha256
from typing import Protocol

from sqlalchemy import Connection, Engine, func, select
from sqlalchemy.engine import make_url
from sqlalchemy.exc import SQLAlchemyError

from bot.loop import Loop
from bot.store.postgresql import once_more_if_it_had_died, server_engine

RETRY_SECONDS = 10.0
ANSWER_SECONDS = 5.0

log = logging.getLogger(__name__)


class Election(Protocol):
    def is_won(self) -> bool:
        """Try, or look whether it is still so. Called by one thread at a time."""
        ...

    def withdraw(self) -> None: ...


class Unopposed:
    """The only process there is."""

    def is_won(self) -> bool:
        return True

    def withdraw(self) -> None:
        """Nothing to do: there is nobody to make room for."""


class AdvisoryLock:
    """A lock of the PostgreSQL server, held by one connection for as long as that lives."""

    def __init__(self, url: str, name: str) -> None:
        self._engine: Engine = server_engine(
            url, answer_seconds=ANSWER_SECONDS, isolation_level="AUTOCOMMIT", pool_size=1, max_overflow=0
        )
        self._key = int.from_bytes(sha256(name.encode()).digest()[:8], signed=True)
        self._held: Connection | None = None

    def is_won(self) -> bool:
        try:
            if self._held is not None:
                self._held.execute(select(1))
                return True
            return once_more_if_it_had_died(self._try)
        except SQLAlchemyError as lost:
            log.warning("election_unknown", extra={"reason": type(lost).__name__})
            self.withdraw()
            return False

    def withdraw(self) -> None:
        held, self._held = self._held, None
        if held is not None:
            with suppress(SQLAlchemyError):  # a lost connection holds no lock any more
                held.invalidate()
                held.close()
        self._engine.dispose()

    def _try(self) -> bool:
        connection = self._engine.connect()
        try:
            if connection.scalar(select(func.pg_try_advisory_lock(self._key))):
                self._held = connection
                return True
        finally:
            if self._held is None:
                connection.close()
        return False


def election(database_url: str, name: str) -> Election:
    if make_url(database_url).get_backend_name() == "sqlite":
        return Unopposed()
    return AdvisoryLock(database_url, name)


class Part(Protocol):
    def start(self) -> None: ...
    def stop(self) -> None: ...


class OnlyOne:
    """Runs a part in the process that is elected, and stops it where it is not any more."""

    def __init__(self, part: Part, held: Election) -> None:
        self._part = part
        self._election = held
        self._is_running = False
        self._loop = Loop(self.step, RETRY_SECONDS, "election")

    def start(self) -> None:
        self.step()
        self._loop.start()

    def stop(self) -> None:
        self._loop.stop()
        self._end()
        self._election.withdraw()

    def step(self) -> bool:
        """Whether the part runs here now."""
        if not self._election.is_won():
            self._end()
        elif not self._is_running:
            self._is_running = True
            self._part.start()
        return self._is_running

    def _end(self) -> None:
        if self._is_running:
            self._is_running = False
            self._part.stop()
