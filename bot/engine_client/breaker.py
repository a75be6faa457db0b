"""A circuit breaker: no calls to an engine that does not answer, until a probe finds that it does again.

                 3 failures in a row
    closed ─────────────────────────────► open ◄──────────────┐
      ▲                                     │ delay over       │ the one call fails
      │        the one call succeeds        ▼                  │ (the delay grows)
      └───────────────────────────────── half-open ────────────┘

While open, every call is refused at once. While half-open, one call goes through and
the others are refused until it has ended.
"""

from __future__ import annotations

import threading
from collections.abc import Callable

from bot.domain import Clock

FAILURES = 3
FIRST_DELAY_SECONDS = 0.5
LONGEST_DELAY_SECONDS = 5.0  # answers resume within ten seconds, one slow call included
STUCK_SECONDS = 10.0  # no call lives as long; a trial that never reported was lost


class Breaker:
    """Safe to use from several threads. `on_back` is called outside the lock, in the thread that saw it."""

    def __init__(self, clock: Clock, on_back: Callable[[], None]) -> None:
        self._clock = clock
        self._on_back = on_back
        self._lock = threading.Lock()
        self._failures = 0
        self._is_open = False
        self._delay = FIRST_DELAY_SECONDS
        self._try_at = 0.0
        self._trial_until: float | None = None
        self._was_seen = False

    @property
    def is_open(self) -> bool:
        """Whether the engine is known to be away; true until a call has succeeded again."""
        with self._lock:
            return self._is_open

    @property
    def wants_a_look(self) -> bool:
        """Whether the last call failed and it is time to see if the engine is back."""
        with self._lock:
            is_time = not self._is_open or self._clock.steady() >= self._try_at
            return self._failures > 0 and not self._was_seen and is_time

    def allows(self) -> bool:
        """Whether a call may go out. Each that may must be recorded as a success or a failure."""
        with self._lock:
            if not self._is_open:
                return True
            now = self._clock.steady()
            if now < self._try_at or (self._trial_until is not None and now < self._trial_until):
                return False
            self._trial_until = now + STUCK_SECONDS
            return True

    def record_success(self) -> None:
        with self._lock:
            is_back = self._failures > 0
            self._failures = 0
            self._is_open = False
            self._delay = FIRST_DELAY_SECONDS
            self._trial_until = None
        if is_back:
            self._on_back()

    def record_failure(self) -> None:
        with self._lock:
            self._failures += 1
            self._trial_until = None
            self._was_seen = False
            if self._is_open:
                self._delay = min(self._delay * 2, LONGEST_DELAY_SECONDS)
            if self._failures >= FAILURES:
                self._is_open = True
                self._try_at = self._clock.steady() + self._delay

    def seen_ready(self) -> None:
        """The engine says it is ready; the next call finds out whether that is true."""
        with self._lock:
            self._was_seen = True
        self._on_back()
