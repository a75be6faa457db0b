"""The health of the store: whether it would keep a message now, checked before one is acknowledged.

A disk that is full or refuses to sync is met by the next write only, and a quiet bot may not
write for hours. So one small write is made now and then, and readiness says how it went.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Protocol

from bot.store import StoreError

# Within ten seconds of the event readiness is red: this, and what a write may take to fail.
PROBE_SECONDS = 5.0
# Four times what a log reaches by itself, see sqlite.CHECKPOINT_PAGES: somebody reads and never ends.
LARGE_LOG_BYTES = 64 * 1024 * 1024

log = logging.getLogger(__name__)


class Store(Protocol):
    def probe(self) -> None: ...
    def log_bytes(self) -> int: ...


class StoreHealth:
    """`step` makes one write; `problem` is how the last one went, "" when it went well."""

    def __init__(self, store: Store, *, on_log_bytes: Callable[[float], object]) -> None:
        self._store = store
        self._on_log_bytes = on_log_bytes
        self._is_log_large = False
        self.problem = ""

    def step(self) -> None:
        before = self.problem
        try:
            self._store.probe()
            self.problem = ""
        except StoreError as problem:
            self.problem = str(problem)
        if self.problem and not before:
            log.error("store_refuses", extra={"reason": self.problem})
        elif before and not self.problem:
            log.info("store_takes_again")
        self._look_at_log()

    def _look_at_log(self) -> None:
        size = self._store.log_bytes()
        self._on_log_bytes(size)
        is_large = size > LARGE_LOG_BYTES
        if is_large and not self._is_log_large:
            log.warning(
                "database_log_grows",
                extra={
                    "bytes": size,
                    "reason": "another program has the database open and does not end its reading",
                },
            )
        self._is_log_large = is_large
