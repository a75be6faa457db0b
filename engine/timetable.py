"""Refresh times as the configuration writes them: cron, "every 15m" or "manual".

Only the reading is here; keeping time is the schedule's work.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

WANTED = 'wanted five cron fields such as "*/30 * * * *", an interval such as "every 15m", or "manual"'

_INTERVAL = re.compile(r"every\s+([1-9][0-9]{0,5})\s*(s|m|h|d)", re.ASCII)
_SECONDS = {"s": 1, "m": 60, "h": 3600, "d": 86400}
_LONGEST_SECONDS = 366 * 86400
_PART = re.compile(r"(?:\*|(\w+)(?:-(\w+))?)(?:/([1-9][0-9]{0,3}))?", re.ASCII)
_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_DAYS = ("sun", "mon", "tue", "wed", "thu", "fri", "sat")


@dataclass(frozen=True, slots=True)
class Manual:
    """No schedule: a refresh runs when somebody asks for it."""


@dataclass(frozen=True, slots=True)
class Every:
    seconds: int


@dataclass(frozen=True, slots=True)
class Cron:
    """The values each field allows. None where the field says `*`; weekdays count from Sunday = 0."""

    minutes: tuple[int, ...] | None
    hours: tuple[int, ...] | None
    days: tuple[int, ...] | None
    months: tuple[int, ...] | None
    weekdays: tuple[int, ...] | None


Timetable = Manual | Every | Cron


def parse(text: str) -> Timetable:
    """Read one timetable.

    >>> parse("every 15m")
    Every(seconds=900)
    >>> parse("0 6 * * 1-5").weekdays
    (1, 2, 3, 4, 5)

    Raises:
        ValueError: with a sentence for the operator.
    """
    words = text.strip().lower()
    if words == "manual":
        return Manual()
    interval = _INTERVAL.fullmatch(words)
    if interval:
        seconds = int(interval[1]) * _SECONDS[interval[2]]
        if seconds > _LONGEST_SECONDS:
            raise ValueError(f'the longest interval is a year (got "{text}")')
        return Every(seconds)
    fields = words.split()
    if len(fields) != 5:  # noqa: PLR2004 - minute, hour, day, month, weekday
        raise ValueError(f'{WANTED} (got "{text}")')
    minute, hour, day, month, weekday = fields
    try:
        sundays = _allowed_values(weekday, 0, 7, _DAYS)
        return Cron(
            minutes=_allowed_values(minute, 0, 59),
            hours=_allowed_values(hour, 0, 23),
            days=_allowed_values(day, 1, 31),
            months=_allowed_values(month, 1, 12, _MONTHS),
            weekdays=None if sundays is None else tuple(sorted({day % 7 for day in sundays})),
        )
    except ValueError as wrong:
        raise ValueError(f'{WANTED} (got "{text}": {wrong})') from None


def _allowed_values(field: str, low: int, high: int, names: tuple[str, ...] = ()) -> tuple[int, ...] | None:
    if field == "*":
        return None
    values: set[int] = set()
    for part in field.split(","):
        values.update(_range(part, low, high, names))
    return tuple(sorted(values))


def _range(part: str, low: int, high: int, names: tuple[str, ...]) -> range:
    read = _PART.fullmatch(part)
    if not read:
        raise ValueError(f'"{part}" is no cron field')
    first, last, step = read.groups()
    start = low if first is None else _number(first, low, high, names)
    if last is not None:
        end = _number(last, low, high, names)
    else:
        end = high if first is None or step is not None else start
    if end < start:
        raise ValueError(f'"{part}" runs backwards')
    return range(start, end + 1, int(step or 1))


def _number(word: str, low: int, high: int, names: tuple[str, ...]) -> int:
    if word in names:
        return names.index(word) + low
    if not word.isdigit() or not low <= int(word[:4]) <= high:
        raise ValueError(f'"{word}" is not from {low} to {high}')
    return int(word[:4])
