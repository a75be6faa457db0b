"""/export: the days that are wanted."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date

from bot.commands.export.words import PAGES
from bot.grammar.arguments import Argument
from bot.grammar.command import BadCommand, Command, MakesFile, NeedsRights
from bot.grammar.verb import Verb

_DATE = re.compile(r"([0-9]{4})[-/.年]([0-9]{1,2})[-/.月]([0-9]{1,2})日?")


@dataclass(frozen=True, slots=True)
class Export(NeedsRights, MakesFile):
    """An export from the beginning of one day to the end of another; None: as far as there is anything."""

    start: date | None = None
    end: date | None = None


def read(given: Argument) -> Command | BadCommand:
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


VERBS = (Verb("export", read, "[FROM [TO]]", "/export 2026-11-01 2026-11-30", PAGES["export"], place=70),)
