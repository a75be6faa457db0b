"""When the schedule asks, by two clocks that are handed in: one that people set, one that only counts."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from threading import Event
from zoneinfo import ZoneInfo

import pytest

from engine.refresh.schedule import Schedule
from engine.timetable import Every, Manual, parse
from tests.support.engine import WAIT_SECONDS

BERLIN = ZoneInfo("Europe/Berlin")
NOON = datetime(2026, 11, 23, 12, 0, 30, tzinfo=UTC)


class Clocks:
    """Time that passes on both clocks, and a wall clock that somebody sets."""

    def __init__(self, now: datetime) -> None:
        self.now = now.astimezone(UTC)
        self.steady = 1000.0

    def pass_time(self, by: timedelta) -> None:
        self.now += by
        self.steady += by.total_seconds()


class Asked:
    """A schedule of one knowledge base, looked at each minute; `times` are those at which it asked."""

    def __init__(self, timetable: str, now: datetime, zone: str = "UTC") -> None:
        self.clocks = Clocks(now)
        self.times: list[str] = []
        self._zone = ZoneInfo(zone)
        self.schedule = Schedule(
            {"default": parse(timetable)},
            self._hear,
            timezone=zone,
            now=lambda: self.clocks.now,
            steady=lambda: self.clocks.steady,
        )
        self.schedule.look()

    def go_on(self, by: timedelta, step: timedelta = timedelta(minutes=1)) -> list[str]:
        """Let time pass in steps; what was asked for in it."""
        self.times.clear()
        for _ in range(by // step):
            self.clocks.pass_time(step)
            self.schedule.look()
        return list(self.times)

    def _hear(self, name: str) -> None:
        assert name == "default"
        self.times.append(f"{self.clocks.now.astimezone(self._zone):%d %H:%M %Z}")


def test_a_time_of_day_is_asked_for_once_on_each_day() -> None:
    asked = Asked("30 2 * * *", datetime(2026, 11, 20, 12, tzinfo=UTC))
    assert asked.go_on(timedelta(days=3)) == ["21 02:30 UTC", "22 02:30 UTC", "23 02:30 UTC"]


def test_on_the_long_day_a_time_that_comes_twice_is_asked_for_once() -> None:
    """REL33."""
    asked = Asked("30 2 * * *", datetime(2026, 10, 24, 12, tzinfo=BERLIN), "Europe/Berlin")
    assert asked.go_on(timedelta(days=2)) == ["25 02:30 CEST", "26 02:30 CET"]


@pytest.mark.parametrize("minutes", ["0,30 2 * * *", "*/30 2-2 * * *"])
def test_no_time_of_the_hour_that_comes_twice_is_asked_for_twice(minutes: str) -> None:
    asked = Asked(minutes, datetime(2026, 10, 24, 12, tzinfo=BERLIN), "Europe/Berlin")
    assert asked.go_on(timedelta(days=1)) == ["25 02:00 CEST", "25 02:30 CEST"]


@pytest.mark.parametrize("line", ["*/30 * * * *", "*/30 */1 * * *"])
def test_what_is_due_all_day_goes_on_through_the_long_day(line: str) -> None:
    asked = Asked(line, datetime(2026, 10, 25, 1, 45, tzinfo=BERLIN), "Europe/Berlin")
    assert asked.go_on(timedelta(hours=2, minutes=30)) == [
        *("25 02:00 CEST", "25 02:30 CEST", "25 02:00 CET", "25 02:30 CET", "25 03:00 CET"),
    ]


def test_on_the_short_day_a_time_that_does_not_come_is_asked_for_once_all_the_same() -> None:
    asked = Asked("30 2 * * *", datetime(2026, 3, 28, 12, tzinfo=BERLIN), "Europe/Berlin")
    assert asked.go_on(timedelta(days=2)) == ["29 03:30 CEST", "30 02:30 CEST"]


@pytest.mark.parametrize("back", [timedelta(hours=1), timedelta(days=1), timedelta(days=3650)])
@pytest.mark.parametrize(("line", "within"), [("*/30 * * * *", 30), ("0 * * * *", 60), ("every 15m", 15)])
def test_a_clock_that_goes_back_stops_no_schedule(back: timedelta, line: str, within: int) -> None:
    """REL33."""
    asked = Asked(line, NOON)
    asked.go_on(timedelta(hours=2))
    asked.clocks.now -= back
    assert len(asked.go_on(timedelta(minutes=within + 1))) == 1
    assert len(asked.go_on(timedelta(hours=2))) == 120 // within


def test_a_clock_that_was_ahead_for_a_while_costs_one_call_and_stops_nothing() -> None:
    asked = Asked("0 * * * *", NOON)
    asked.clocks.now += timedelta(days=400)
    assert asked.go_on(timedelta(minutes=2)) == ["28 12:01 UTC"]  # what was passed, once
    asked.clocks.now -= timedelta(days=400)
    assert asked.go_on(timedelta(hours=2)) == ["23 13:00 UTC", "23 14:00 UTC"]


def test_a_clock_that_is_corrected_a_little_asks_for_nothing_twice() -> None:
    asked = Asked("0 13 * * *", datetime(2026, 11, 23, 12, 59, 59, tzinfo=UTC))
    second = timedelta(seconds=1)
    assert len(asked.go_on(2 * second, second)) == 1
    for _ in range(5):
        asked.clocks.now -= 3 * second
        assert asked.go_on(4 * second, second) == []


def test_intervals_are_counted_whatever_the_wall_clock_says() -> None:
    asked = Asked("every 15m", NOON)
    for jump in (timedelta(hours=1), timedelta(hours=-9), timedelta(days=4000), timedelta(days=-4000)):
        asked.clocks.now += jump
        assert len(asked.go_on(timedelta(minutes=15))) == 1


def test_what_was_slept_through_is_made_up_for_once() -> None:
    asked = Asked("every 1m", NOON)
    asked.clocks.pass_time(timedelta(hours=8))
    assert len(asked.go_on(timedelta(seconds=3), timedelta(seconds=1))) == 1


def test_it_tells_when_it_is_due_again() -> None:
    asked = Asked("30 2 * * *", NOON)
    assert asked.schedule.next_run("default") == datetime(2026, 11, 24, 2, 30, tzinfo=UTC)
    assert Asked("every 15m", NOON).schedule.next_run("default") == NOON + timedelta(minutes=15)
    assert Asked("0 0 31 2 *", NOON).schedule.next_run("default") is None
    assert Asked("manual", NOON).schedule.next_run("default") is None


def test_the_schedule_calls_when_it_is_due() -> None:
    called = Event()
    names: list[str] = []

    def request(name: str) -> None:
        names.append(name)
        called.set()

    schedule = Schedule({"default": Every(1), "rare": Every(86400), "by hand": Manual()}, request)
    schedule.start()
    try:
        assert called.wait(WAIT_SECONDS)
    finally:
        schedule.stop()
        schedule.stop()
    assert set(names) == {"default"}


def test_before_it_runs_nothing_is_due() -> None:
    assert Schedule({"default": Every(1)}, lambda _name: None).next_run("default") is None
