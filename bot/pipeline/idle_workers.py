"""The workers that have nothing to do: one is woken for each piece of work, or handed it.

    whoever stored work:  idle.wake()
    intake:               with idle.reserve() as hand_over:       None where nobody sleeps
                              inbox.accept(message, hand_over)    claimed in the commit that stores it
    worker:               woken = idle.wakes
                          … a look finds nothing that is due …
                          item = idle.sleep(woken, seconds)       None: look again

A worker sleeps only after a look that found nothing due, so that a message handed to one overtakes
nobody. Nothing durable lives here: an item that is handed over is claimed already.
"""

from __future__ import annotations

import math
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from bot.domain import Clock, InboxItem


class _Sleeper:
    """One sleeping worker. It is called exactly once by whoever took it from among the sleepers."""

    __slots__ = ("called", "is_late", "item", "until")

    def __init__(self, until: float) -> None:
        self.until = until
        self.called = threading.Event()
        self.item: InboxItem | None = None
        self.is_late = False


class IdleWorkers:
    """Safe to share between threads. `wakes` counts what was to be done while nobody slept."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._sleepers: list[_Sleeper] = []
        self._wakes = 0
        self._is_closed = False

    @property
    def wakes(self) -> int:
        return self._wakes

    @property
    def asleep(self) -> int:
        """The number of sleeping workers that are not reserved."""
        return len(self._sleepers)

    def wake(self) -> None:
        """Let one worker look for work; where none sleeps, whoever is about to does not."""
        with self._lock:
            sleeper = self._take()
            if sleeper is None:
                self._wakes += 1
        if sleeper is not None:
            sleeper.called.set()

    @contextmanager
    def reserve(self) -> Iterator[Callable[[InboxItem], None] | None]:
        """Keep one worker from other work; what is yielded gives it an item, which it works on at once.

        Yields None where none sleeps. One that is given nothing sleeps on.
        """
        with self._lock:
            sleeper, wakes = self._take(), self._wakes
        if sleeper is None:
            yield None
            return

        def hand_over(item: InboxItem) -> None:
            sleeper.item = item

        try:
            yield hand_over
        finally:
            if sleeper.item is not None or not self._lets_sleep_on(sleeper, wakes):
                sleeper.called.set()

    def sleep(self, woken: int, seconds: float | None) -> InboxItem | None:
        """Sleep at most `seconds` (None: as long as it takes), and not at all after a wake since `woken`.

        Returns an item that is claimed for the caller, or None: there may be work, or time is over.
        """
        sleeper = _Sleeper(math.inf if seconds is None else self._clock.steady() + seconds)
        with self._lock:
            if self._is_closed or self._wakes > woken:
                return None
            self._sleepers.append(sleeper)
        if not sleeper.called.wait(seconds):
            with self._lock:
                if sleeper in self._sleepers:
                    self._sleepers.remove(sleeper)
                    return None
                sleeper.is_late = True
            # Somebody took it at the last moment, and calls it soon.
            sleeper.called.wait()
        return sleeper.item

    def close(self) -> None:
        """Wake everybody, now and for ever."""
        with self._lock:
            self._is_closed = True
            sleepers, self._sleepers = self._sleepers, []
        for sleeper in sleepers:
            sleeper.called.set()

    def _take(self) -> _Sleeper | None:
        """One of the sleepers: who knows of the next piece of work that comes due sleeps on for it."""
        if not self._sleepers:
            return None
        sleeper = max(self._sleepers, key=lambda each: each.until)
        self._sleepers.remove(sleeper)
        return sleeper

    def _lets_sleep_on(self, sleeper: _Sleeper, wakes: int) -> bool:
        """Whether nothing happened meanwhile, so that it sleeps on."""
        with self._lock:
            if self._is_closed or sleeper.is_late or self._wakes > wakes:
                return False
            self._sleepers.append(sleeper)
            return True
