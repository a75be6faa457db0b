"""The bot's work by the clock: sweeping, alerts, scheduled messages.

Waits are counted by the monotonic clock, so setting the machine's clock stops nothing. The day is read
off the wall clock: what is done once a day is done once also where an hour comes twice.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from bot.domain import Clock
from bot.loop import Loop

# At night, and not on the full hour, when everybody else's jobs run.
SWEEP_AT = time(3, 17)
LOOK_SECONDS = 60.0


class Schedule:
    """Calls `look` every minute and `sweep` once a night."""

    def __init__(
        self, *, timezone: str, sweep: Callable[[], object], look: Callable[[], object], clock: Clock
    ) -> None:
        self._zone = ZoneInfo(timezone)
        self._sweep = sweep
        self._clock = clock
        self._last_night = self._night()
        self._sweeping = Loop(self.step, LOOK_SECONDS, "sweep")
        # Beside the sweep, and not behind it: a large one may take minutes.
        self._looking = Loop(look, LOOK_SECONDS, "clockwork")

    def start(self) -> None:
        self._sweeping.start()
        self._looking.start()

    def stop(self) -> None:
        self._looking.stop()
        self._sweeping.stop()

    def step(self) -> None:
        """Sweep if a night has come since the last step."""
        before, self._last_night = self._last_night, self._night()
        # Kept also where the clock went back: the nights from then on count, not those that it was ahead by.
        if self._last_night > before:
            self._sweep()

    def _night(self) -> date:
        """The day on which it was last time to sweep."""
        now = self._clock.now()
        today = now.astimezone(self._zone).date()
        # Compared in UTC, where no hour comes twice; of two equal times the first is meant.
        time_to_sweep = datetime.combine(today, SWEEP_AT, self._zone).astimezone(UTC)
        return today if now >= time_to_sweep else today - timedelta(days=1)
