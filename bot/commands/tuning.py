"""How the arguments of /strategy, /keywords and /export are read."""

from __future__ import annotations

import re
from datetime import date

from bot.grammar.arguments import Argument, threshold_of
from bot.grammar.command import (
    BadCommand,
    Command,
    Export,
    SetKeywords,
    SetStrategy,
    ShowKeywords,
    ShowStrategy,
    StrategyOff,
    UndoStrategy,
)

_DATE = re.compile(r"([0-9]{4})[-/.年]([0-9]{1,2})[-/.月]([0-9]{1,2})日?")
_NAME = re.compile(r"[a-z][a-z0-9_-]{0,31}")


def strategy(given: Argument) -> Command | BadCommand:
    if len(given.words) > 1:
        return BadCommand("too_many", "strategy", given.text)
    match given.first:
        case "":
            return ShowStrategy()
        case "off":
            return StrategyOff()
        case "undo":
            return UndoStrategy()
        case name if _NAME.fullmatch(name):
            return SetStrategy(name)
        case _:
            return BadCommand("unknown_word", "strategy", given.text)


def keywords(given: Argument) -> Command | BadCommand:
    if not given.text:
        return ShowKeywords()
    if given.text.lower() == "off":
        return SetKeywords(None)
    weight = threshold_of(given.text, "keywords")
    return weight if isinstance(weight, BadCommand) else SetKeywords(weight)


def export(given: Argument) -> Command | BadCommand:
    if len(given.words) > len(("FROM", "TO")):
        return BadCommand("too_many", "export", given.text)
    days = [_day(word) for word in given.words]
    read = [day for day in days if day is not None]
    if len(read) < len(days):
        return BadCommand("not_a_number", "export", given.text)
    if read != sorted(read):
        return BadCommand("out_of_range", "export", given.text)
    return Export(*read)


def _day(word: str) -> date | None:
    found = _DATE.fullmatch(word)
    if found is None:
        return None
    year, month, day = map(int, found.groups())
    try:
        return date(year, month, day)
    except ValueError:
        return None
