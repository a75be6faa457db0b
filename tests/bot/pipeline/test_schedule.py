"""What is done by the clock is done once a night, whatever the clock does."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from bot.domain import Clock
from bot.pipeline.schedule import Schedule


class Nights:
    """A schedule whose steps are taken by hand, each ten minutes; `swept` are the times of its sweeps."""

    def __init__(self, now: datetime, zone: str = "UTC") -> None:
        self.now = now
        self.swept: list[str] = []
        self.zone = ZoneInfo(zone)
        self.schedule = Schedule(
            timezone=zone,
            sweep=lambda: self.swept.append(f"{self.now.astimezone(self.zone):%d %H:%M}"),
            look=lambda: None,
            clock=Clock(self.wall, monotonic=lambda: 0.0),
        )

    def wall(self) -> float:
        return self.now.timestamp()

    def go_on(self, by: timedelta) -> list[str]:
        self.swept.clear()
        until = self.now + by
        while self.now < until:
            self.now += timedelta(minutes=10)
            self.schedule.step()
        return list(self.swept)


def test_it_is_swept_once_a_night_and_not_at_the_start() -> None:
    nights = Nights(datetime(2026, 11, 20, 12, tzinfo=UTC))
    assert nights.go_on(timedelta(days=3)) == ["21 03:20", "22 03:20", "23 03:20"]


def test_it_is_swept_once_where_the_hour_comes_twice() -> None:
    # Lord Howe goes back by half an hour, Berlin from three to two, the Azores at one.
    for zone in ("Europe/Berlin", "Atlantic/Azores", "Australia/Lord_Howe", "America/Havana"):
        for day in (datetime(2026, 10, 24, 12, tzinfo=UTC), datetime(2026, 4, 4, 6, tzinfo=UTC)):
            assert len(Nights(day, zone).go_on(timedelta(days=2))) == 2, zone


def test_a_clock_that_was_ahead_does_not_stop_it() -> None:
    nights = Nights(datetime(2026, 11, 20, 12, tzinfo=UTC))
    nights.now += timedelta(days=400)
    assert len(nights.go_on(timedelta(minutes=30))) == 1
    nights.now -= timedelta(days=400)
    assert nights.go_on(timedelta(days=2)) == ["21 03:20", "22 03:20"]
