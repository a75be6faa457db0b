"""Notices work that another process left in the database, where several share one.

A bell is heard in its own process only. So the database is asked again and again, by one
thread for all workers: two questions that read no more than an index.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable

from bot.domain import Clock
from bot.store import StoreError

# What a reply is late by, at most, when its message came in through another process.
LOOK_SECONDS = 0.1

log = logging.getLogger(__name__)


class Poller:
    """Rings while something is due. Stopping twice is fine, and so is stopping what never started."""

    def __init__(
        self,
        *,
        next_due: tuple[Callable[[], float | None], ...],
        clock: Clock,
        ring: Callable[[], None],
    ) -> None:
        self._next_due = next_due
        self._clock = clock
        self._ring = ring
        self._stopping = threading.Event()
        self._thread: threading.Thread | None = None

    def start(self) -> None:
        self._thread = threading.Thread(target=self._keep, name="poller", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        self._stopping.set()
        if self._thread is not None:
            self._thread.join()
            self._thread = None

    def step(self) -> bool:
        """Whether there was something to do for somebody.

        Raises:
            StoreError: the database does not say.
        """
        due = (next_due() for next_due in self._next_due)
        is_due = any(moment is not None and moment <= self._clock.steady() for moment in due)
        if is_due:
            self._ring()
        return is_due

    def _keep(self) -> None:
        while not self._stopping.wait(LOOK_SECONDS):
            try:
                self.step()
            except StoreError as problem:
                # The workers say so as well, and wait longer than we do.
                log.debug("store_unavailable", extra={"reason": str(problem)})
