"""The clock of the bot: the time of day, and steady seconds."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import UTC, datetime


class Clock:
    """The time of day in UTC, and steady seconds.

    `now` is what people read. `steady` is for leases, back-off and limits: seconds since
    1970 when the process started, counted on by the monotonic clock, so that setting the
    machine's clock neither hurries nor delays anything. Tests pass their own.
    """

    def __init__(
        self, wall: Callable[[], float] = time.time, monotonic: Callable[[], float] = time.monotonic
    ) -> None:
        self._wall = wall
        self._monotonic = monotonic
        self._offset = wall() - monotonic()

    def now(self) -> datetime:
        return datetime.fromtimestamp(self._wall(), UTC)

    def steady(self) -> float:
        return self._monotonic() + self._offset

    def pause(self, seconds: float) -> None:
        """Let time pass: for a thread that has nothing else to do."""
        time.sleep(seconds)
