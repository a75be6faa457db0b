"""Tells a wrong clock of ours from an attack, by the requests that were signed rightly."""

from __future__ import annotations

import threading
from collections import deque

# Judged over the last so many, and not before there are enough to judge by.
RECENT = 50
ENOUGH = 10
# Nobody who only replays old requests gets a fifth of the traffic, but a clock that is off gets all of it.
SHARE = 0.2


class ClockWatch:
    """Remembers whether requests with a right signature came at a right time. Safe from any thread."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._stale: deque[bool] = deque(maxlen=RECENT)

    def saw(self, *, is_stale: bool) -> None:
        with self._lock:
            self._stale.append(is_stale)

    def warning(self) -> str | None:
        """A sentence when the clock is to be suspected; None when it is not."""
        with self._lock:
            signed, stale = len(self._stale), sum(self._stale)
        if signed < ENOUGH or stale <= SHARE * signed:
            return None
        return f"{stale} of the last {signed} signed requests are out of date: set this machine's clock"
