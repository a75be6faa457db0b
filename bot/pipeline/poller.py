"""Notices work that another process left in the database, where several share one.

A wake is heard in its own process only. So the database is asked again and again, by one
thread for all workers: one question that reads no more than two indexes.
"""

from __future__ import annotations

import logging
from collections.abc import Callable

from bot.domain import Clock
from bot.loop import Loop
from bot.store import Due, StoreError

# What a reply is late by, at most, when its message came in through another process.
LOOK_SECONDS = 0.1

log = logging.getLogger(__name__)


class Poller:
    """Wakes the workers when stored work is due; looks every LOOK_SECONDS."""

    def __init__(
        self,
        *,
        look: Callable[[], Due],
        clock: Clock,
        ring: Callable[[], None],
    ) -> None:
        self._due = look
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
        soonest = self._due().soonest
        is_due = soonest is not None and soonest <= self._clock.steady()
        if is_due:
            self._ring()
        return is_due

    def _look(self) -> None:
        try:
            self.step()
        except StoreError as problem:
            # The workers say so as well, and wait longer than we do.
            log.debug("store_unavailable", extra={"reason": str(problem)})
