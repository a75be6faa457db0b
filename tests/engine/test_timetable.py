from __future__ import annotations

from contextlib import suppress
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.refresh.schedule import trigger_of
from engine.timetable import Cron, Every, Manual, parse

SUNDAY = datetime(2026, 11, 22, 23, 59, tzinfo=UTC)


def trigger(text: str, zone: str = "UTC") -> Any:
    cron = parse(text)
    assert isinstance(cron, Cron)
    return trigger_of(cron, ZoneInfo(zone))


def next_runs(text: str, count: int) -> list[str]:
    times = trigger(text)
    runs: list[str] = []
    last, now = None, SUNDAY
    while len(runs) < count:
        last = times.get_next_fire_time(last, now)
        runs.append(last.strftime("%a %d %H:%M"))
        now = last + timedelta(seconds=1)
    return runs


def test_the_three_ways_to_say_it() -> None:
    assert parse("manual") == Manual()
    assert parse("every 15m") == Every(900)
    assert parse("Every 2h") == Every(7200)
    assert parse("*/30 * * * *") == Cron((0, 30), None, None, None, None)
    assert parse("5-20/5 9,17 1 jan sun-tue") == Cron((5, 10, 15, 20), (9, 17), (1,), (1,), (0, 1, 2))


@pytest.mark.parametrize(
    ("text", "runs"),
    [
        ("0 6 * * 1-5", ["Mon 23 06:00", "Tue 24 06:00", "Wed 25 06:00"]),
        ("0 6 * * 0", ["Sun 29 06:00", "Sun 06 06:00"]),
        ("0 6 * * 7", ["Sun 29 06:00"]),
        ("0 6 * * sat,sun", ["Sat 28 06:00", "Sun 29 06:00"]),
        ("0 0 1 * mon", ["Mon 23 00:00", "Mon 30 00:00", "Tue 01 00:00", "Mon 07 00:00"]),
        ("*/20 * * * *", ["Mon 23 00:00", "Mon 23 00:20", "Mon 23 00:40"]),
    ],
)
def test_cron_means_what_cron_means(text: str, runs: list[str]) -> None:
    assert next_runs(text, len(runs)) == runs


def test_hours_are_those_of_the_time_zone() -> None:
    assert trigger("0 6 * * *", "Asia/Shanghai").get_next_fire_time(None, SUNDAY).astimezone(UTC).hour == 22


@pytest.mark.parametrize(
    "text",
    [
        *("", "often", "every m", "every 0m", "every 1w", "every 400d"),
        *("* * * *", "* * * * * *", "60 * * * *", "* 24 * * *", "* * 0 * *", "* * * 13 *", "* * * * 8"),
        *("5-1 * * * *", "*/0 * * * *", "a * * * *", "1-2-3 * * * *", "٣ * * * *"),
    ],
)
def test_anything_else_is_refused_with_the_choices(text: str) -> None:
    with pytest.raises(ValueError, match=r"wanted five cron fields|longest interval"):
        parse(text)


@given(st.text(max_size=30) | st.from_regex(r"[0-9*,/\-a-z ]{1,20}", fullmatch=True))
def test_no_text_breaks_it(text: str) -> None:
    with suppress(ValueError):
        timetable = parse(text)
        if isinstance(timetable, Cron):
            trigger_of(timetable, ZoneInfo("UTC"))
