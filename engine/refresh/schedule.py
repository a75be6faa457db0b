"""When refreshes happen by themselves. APScheduler keeps the time; the refresher does the work."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from apscheduler.schedulers.background import BackgroundScheduler
from apscheduler.triggers.base import BaseTrigger
from apscheduler.triggers.combining import OrTrigger
from apscheduler.triggers.cron import CronTrigger
from apscheduler.triggers.interval import IntervalTrigger

from engine.timetable import Cron, Every, Timetable

_DAYS = ("sun", "mon", "tue", "wed", "thu", "fri", "sat")
# A run that is late by any amount is made up for, once: the time it was due does not matter.
_GRACE_SECONDS = 366 * 86400


class Schedule:
    """Calls `request` with the name of a knowledge base whenever its timetable says so.

    A call is never made twice for one time, and late ones are folded into one.
    """

    def __init__(
        self, timetables: Mapping[str, Timetable], request: Callable[[str], object], *, timezone: str = "UTC"
    ) -> None:
        zone = ZoneInfo(timezone)
        self._scheduler = BackgroundScheduler(timezone=zone)
        for name, timetable in timetables.items():
            trigger = trigger_of(timetable, zone)
            if trigger is not None:
                self._scheduler.add_job(
                    request,
                    trigger,
                    args=[name],
                    id=name,
                    coalesce=True,
                    max_instances=1,
                    misfire_grace_time=_GRACE_SECONDS,
                )

    def start(self) -> None:
        self._scheduler.start()

    def stop(self) -> None:
        if self._scheduler.running:
            self._scheduler.shutdown(wait=True)

    def next_run(self, name: str) -> datetime | None:
        """When it is due again (UTC); None for "manual", and while the schedule is not running."""
        job = self._scheduler.get_job(name)
        due: datetime | None = getattr(job, "next_run_time", None)
        return due.astimezone(UTC) if due else None


def trigger_of(timetable: Timetable, zone: ZoneInfo) -> BaseTrigger | None:
    """APScheduler's words for a timetable; None for "manual".

    As in every cron, a day of the month and a weekday that are both given are either-or.
    """
    match timetable:
        case Every(seconds):
            return IntervalTrigger(seconds=seconds, timezone=zone)
        case Cron(days=days, weekdays=weekdays) if days is not None and weekdays is not None:
            return OrTrigger([_cron(timetable, zone, days=days), _cron(timetable, zone, weekdays=weekdays)])
        case Cron(days=days, weekdays=weekdays):
            return _cron(timetable, zone, days=days, weekdays=weekdays)
        case _:
            return None


def _cron(
    cron: Cron,
    zone: ZoneInfo,
    *,
    days: tuple[int, ...] | None = None,
    weekdays: tuple[int, ...] | None = None,
) -> CronTrigger:
    # Weekdays by name: APScheduler counts from Monday, cron from Sunday.
    return CronTrigger(
        minute=_field(cron.minutes),
        hour=_field(cron.hours),
        day=_field(days),
        month=_field(cron.months),
        day_of_week="*" if weekdays is None else ",".join(_DAYS[day] for day in weekdays),
        timezone=zone,
    )


def _field(values: tuple[int, ...] | None) -> str:
    return "*" if values is None else ",".join(str(value) for value in values)
