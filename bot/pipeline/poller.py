"""Notices work that another process left in the database, where several share one.

A bell is heard in its own process only. So the database is asked again and again, by one
thread for all workers: two questions that read no more than an index.
"""

from __future__ import annotations

import logging
from collections.abc import Callable

from bot.domain import Clock
from bot.loop import Loop
from bot.store import StoreError

# What a reply is late by, at most, when its message came in through another process.
LOOK_SECONDS = 0.1

log = logging.getLogger(__name__)


class Poller:
    """Wakes the workers when stored work is due; looks every LOOK_SECONDS."""

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
        self._loop = Loop(self._look, LOOK_SECONDS, "poller")

    def start(self) -> None:
        self._loop.start()

    def stop(self) -> None:
        self._loop.stop()

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

    def _look(self) -> None:
        try:
            self.step()
        except StoreError as problem:
            # The workers say so as well, and wait longer than we do.
            log.debug("store_unavailable", extra={"reason": str(problem)})
