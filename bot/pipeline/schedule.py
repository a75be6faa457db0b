"""What the bot does by the clock and not because somebody asked."""

from __future__ import annotations

from collections.abc import Callable
from zoneinfo import ZoneInfo

from apscheduler.schedulers.background import BackgroundScheduler
from apscheduler.triggers.cron import CronTrigger

# At night, and not on the full hour, when everybody else's jobs run.
SWEEP_AT = "17 3 * * *"
LOOK_EVERY = "* * * * *"


class Schedule:
    """One scheduler a program. Stopping twice is fine, and so is stopping what never started."""

    def __init__(self, *, timezone: str, sweep: Callable[[], object], look: Callable[[], object]) -> None:
        self._scheduler = BackgroundScheduler(
            timezone=ZoneInfo(timezone),
            # Without a grace as long as the interval, a late run would be dropped silently.
            job_defaults={"coalesce": True, "max_instances": 1, "misfire_grace_time": 24 * 3600},
        )
        self._scheduler.add_job(sweep, CronTrigger.from_crontab(SWEEP_AT, ZoneInfo(timezone)), id="sweep")
        # What is due is found by its slot, so a late look finds it as well.
        self._scheduler.add_job(look, CronTrigger.from_crontab(LOOK_EVERY, ZoneInfo(timezone)), id="look")

    def start(self) -> None:
        self._scheduler.start()

    def stop(self) -> None:
        if self._scheduler.running:
            self._scheduler.shutdown(wait=True)
