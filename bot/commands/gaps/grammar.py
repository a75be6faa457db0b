"""/gaps: listing them, closing one, and the digest."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from bot.commands.gaps.words import PAGES
from bot.grammar.arguments import Argument
from bot.grammar.arrows import without_arrow
from bot.grammar.command import AsksEngine, BadCommand, ChangesChannel, Command
from bot.grammar.verb import Verb

_GAP = re.compile(r"[0-9a-f]{8}")
_PAGE = re.compile(r"[1-9][0-9]{0,2}")
_HOUR = re.compile(r"([0-9]{1,2})(?:[:：]00|点)?")
_LAST_HOUR = 23


@dataclass(frozen=True, slots=True)
class ShowGaps(AsksEngine):
    page: int = 1


@dataclass(frozen=True, slots=True)
class AddGap(ChangesChannel, AsksEngine):
    """Close a gap with an entry of its own."""

    gap: str
    answer: str


@dataclass(frozen=True, slots=True)
class PointGap(ChangesChannel, AsksEngine):
    """Close a gap with an entry that is there already.

    `entry_id` as it was typed.
    """

    gap: str
    entry_id: str


@dataclass(frozen=True, slots=True)
class DismissGap(ChangesChannel, AsksEngine):
    gap: str


@dataclass(frozen=True, slots=True)
class SetDigest(ChangesChannel):
    """Set how often the gaps are told, and when; None: never, or as it is."""

    often: Literal["daily", "weekly"] | None
    hour: int | None = None
    timezone: str | None = None


@dataclass(frozen=True, slots=True)
class UndoGap(ChangesChannel, AsksEngine):
    """Open again what was closed last."""


GapCommand = ShowGaps | AddGap | PointGap | DismissGap | UndoGap | SetDigest


def read(given: Argument) -> Command | BadCommand:
    rest = given.rest()
    match given.first:
        case "":
            return ShowGaps()
        case page if _PAGE.fullmatch(page) and not rest.text:
            return ShowGaps(int(page))
        case "digest":
            return _digest(given, rest)
        case "undo":
            return BadCommand("too_many", "gaps", given.text) if rest.text else UndoGap()
        case "add" | "point" | "dismiss" if not _GAP.fullmatch(rest.first):
            return BadCommand("unknown_word" if rest.text else "missing", "gaps", given.text)
        case "add":
            answer = without_arrow(rest.rest().written).strip()
            return AddGap(rest.first, answer) if answer else BadCommand("missing", "gaps", given.text)
        case "point" if not rest.rest().written:
            return BadCommand("missing", "gaps", given.text)
        case "point":
            return PointGap(rest.first, rest.rest().written)
        case "dismiss":
            is_more = bool(rest.rest().text)
            return BadCommand("too_many", "gaps", given.text) if is_more else DismissGap(rest.first)
        case _:
            return BadCommand("unknown_word", "gaps", given.text)


def _digest(given: Argument, rest: Argument) -> Command | BadCommand:
    every, *when = rest.words or [""]
    match every.lower():
        case "":
            return BadCommand("missing", "gaps", given.text)
        case "off":
            return BadCommand("too_many", "gaps", given.text) if when else SetDigest(None)
        case "daily" | "weekly" as often:
            if len(when) > len(("HOUR", "ZONE")):
                return BadCommand("too_many", "gaps", given.text)
            hour = _HOUR.fullmatch(when[0]) if when else None
            if when and (hour is None or int(hour[1]) > _LAST_HOUR):
                return BadCommand("out_of_range", "gaps", when[0])
            zone = when[1] if len(when) > 1 else None
            if zone is not None and not _is_zone(zone):
                return BadCommand("unknown_word", "gaps", zone)
            return SetDigest("daily" if often == "daily" else "weekly", int(hour[1]) if hour else None, zone)
        case _:
            return BadCommand("unknown_word", "gaps", given.text)


def _is_zone(name: str) -> bool:
    try:
        ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return False
    return True


VERBS = (
    Verb(
        "gaps",
        read,
        "[add GAP => ANSWER | point GAP ENTRY | dismiss GAP | undo | digest daily HOUR ZONE]",
        "/gaps digest daily 09:00",
        PAGES["gaps"],
        words=("add", "point", "dismiss", "undo", "digest"),
        place=110,
    ),
)
