"""The schedule of refreshes: compares two clocks with it each second. The refresher does the work.

Intervals are counted by the monotonic clock, which nobody sets. Times of day are read off the wall clock, so
what happens to that clock is decided here: forwards, what was passed is made up for once; backwards, the next
time is reckoned anew, so that a clock that was a year ahead stops nothing for a year. APScheduler says which
times a cron line means.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Protocol
from zoneinfo import ZoneInfo

from apscheduler.triggers.base import BaseTrigger
from apscheduler.triggers.combining import OrTrigger
from apscheduler.triggers.cron import CronTrigger

from engine.loop import Loop
from engine.timetable import Cron, Every, Timetable

LOOK_SECONDS = 1.0
# A clock that is set back by less has only been corrected: what ran in that minute does not run again.
CORRECTION = timedelta(minutes=1)

_DAYS = ("sun", "mon", "tue", "wed", "thu", "fri", "sat")
_HOURS_OF_A_DAY = 24
_NEXT = timedelta(microseconds=1)


class Schedule:
    """Calls `request` with the name of a knowledge base whenever its timetable says so.

    A call is never made twice for one time, and late ones are folded into one. `now` is the wall clock,
    aware; `steady` counts seconds and never goes back.
    """

    def __init__(
        self,
        timetables: Mapping[str, Timetable],
        request: Callable[[str], object],
        *,
        timezone: str = "UTC",
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
        steady: Callable[[], float] = time.monotonic,
    ) -> None:
        self._request = request
        self._now = now
        self._steady = steady
        alarms = {name: _alarm(timetable, ZoneInfo(timezone)) for name, timetable in timetables.items()}
        self._alarms = {name: alarm for name, alarm in alarms.items() if alarm}
        self._loop = Loop("schedule", self.look, pause_seconds=LOOK_SECONDS)

    def start(self) -> None:
        self.look()
        self._loop.start()

    def stop(self) -> None:
        self._loop.stop()

    def look(self) -> bool:
        """Ask for what is due now, and leave nothing; the first look only finds out when that will be."""
        now, steady = self._now(), self._steady()
        for name, alarm in self._alarms.items():
            if alarm.rings(now, steady):
                self._request(name)
        return False

    def next_run(self, name: str) -> datetime | None:
        """The time of the next refresh (UTC); None for "manual", and before the first look."""
        alarm = self._alarms.get(name)
        due = alarm.due(self._now(), self._steady()) if alarm else None
        return due.astimezone(UTC) if due else None


class _Alarm(Protocol):
    def rings(self, now: datetime, steady: float) -> bool: ...
    def due(self, now: datetime, steady: float) -> datetime | None: ...


class _Interval:
    """Rings each `seconds`, counted from the first look."""

    def __init__(self, seconds: int) -> None:
        self._seconds = seconds
        self._due: float | None = None

    def rings(self, now: datetime, steady: float) -> bool:
        del now
        if self._due is not None and steady < self._due:
            return False
        is_first = self._due is None
        begun = steady if self._due is None else self._due
        self._due = begun + self._seconds * ((steady - begun) // self._seconds + 1)
        return not is_first

    def due(self, now: datetime, steady: float) -> datetime | None:
        return None if self._due is None else now + timedelta(seconds=self._due - steady)


class _TimesOfDay:
    """Rings at the times of a cron line, in a time zone.

    On the day on which an hour comes twice, a line that names hours rings in the first of the two; one that
    means every hour goes on through both.
    """

    def __init__(self, cron: Cron, zone: ZoneInfo) -> None:
        self._trigger = trigger_of(cron, zone)
        self._zone = zone
        self._is_hourly = cron.hours is None or len(cron.hours) == _HOURS_OF_A_DAY
        self._latest: datetime | None = None
        self._due: datetime | None = None

    def rings(self, now: datetime, steady: float) -> bool:
        del steady
        if self._latest is None or now < self._latest - CORRECTION:
            self._latest, self._due = now, self._first_after(now)
            return False
        self._latest = max(now, self._latest)
        if self._due is None or now < self._due:
            return False
        self._due = self._first_after(now)
        return True

    def due(self, now: datetime, steady: float) -> datetime | None:
        del now, steady
        return self._due

    def _first_after(self, moment: datetime) -> datetime | None:
        due = self._next_time(moment)
        while due and due.fold and not self._is_hourly:
            due = self._next_time(due)
        return due

    def _next_time(self, moment: datetime) -> datetime | None:
        # In UTC, because arithmetic on local times forgets which of two equal hours is meant.
        after = (moment.astimezone(UTC) + _NEXT).astimezone(self._zone)
        due: datetime | None = self._trigger.get_next_fire_time(None, after)
        return due


def _alarm(timetable: Timetable, zone: ZoneInfo) -> _Alarm | None:
    match timetable:
        case Every(seconds):
            return _Interval(seconds)
        case Cron():
            return _TimesOfDay(timetable, zone)
        case _:
            return None


def trigger_of(cron: Cron, zone: ZoneInfo) -> BaseTrigger:
    """APScheduler's words for a cron line.

    As in every cron, a day of the month and a weekday that are both given are either-or.
    """
    days, weekdays = cron.days, cron.weekdays
    if days is not None and weekdays is not None:
        return OrTrigger([_cron(cron, zone, days=days), _cron(cron, zone, weekdays=weekdays)])
    return _cron(cron, zone, days=days, weekdays=weekdays)


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
