"""How the arguments of /tune, /review, /queue, /gaps and /inspect are read."""

from __future__ import annotations

import re
from decimal import Decimal
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from bot.grammar.arguments import Argument, count_of, threshold_of
from bot.grammar.command import (
    AddGap,
    BadCommand,
    Command,
    Decide,
    DismissGap,
    ExportQueue,
    Inspect,
    JudgeMatch,
    PointGap,
    ReviewOff,
    SetDigest,
    SetReview,
    ShowGaps,
    ShowQueue,
    ShowReview,
    Tune,
)

LARGEST_NUMBER = 2_000_000_000
LARGEST_RANK = 10_000
_GAP = re.compile(r"[0-9a-f]{8}")
_ANSWER = re.compile(r"[0-9A-Za-z_-]{1,64}")
_HOUR = re.compile(r"([0-9]{1,2})(?:[:：]00|点)?")
_LAST_HOUR = 23


def tune(given: Argument) -> Command | BadCommand:
    rest = given.rest()
    match given.first:
        case "":
            return Tune()
        case "precision" if not rest.text:
            return BadCommand("missing", "tune", given.text)
        case "precision":
            wanted = threshold_of(rest.text, "tune")
            if isinstance(wanted, Decimal) and not 0 < wanted < 1:
                return BadCommand("out_of_range", "tune", given.text)
            return wanted if isinstance(wanted, BadCommand) else Tune(wanted)
        case "yes" | "no":
            return _judge(given, rest, relevant=given.first == "yes")
        case _:
            return BadCommand("unknown_word", "tune", given.text)


def _judge(given: Argument, rest: Argument, *, relevant: bool) -> Command | BadCommand:
    # Folded, but for case: WeCom is shown a full-width line where a plain one would be markup.
    words = rest.words
    if len(words) < len(("ANSWER", "RANK")):
        return BadCommand("missing", "tune", given.text)
    if len(words) > len(("ANSWER", "RANK")):
        return BadCommand("too_many", "tune", given.text)
    rank = count_of(rest.words[1], "tune", lowest=1, highest=LARGEST_RANK)
    if isinstance(rank, BadCommand):
        return rank
    if not _ANSWER.fullmatch(words[0]):
        return BadCommand("unknown_word", "tune", given.text)
    return JudgeMatch(words[0], rank, relevant=relevant)


def review(given: Argument) -> Command | BadCommand:
    words = given.words
    if not words:
        return ShowReview()
    if given.text.lower() == "off":
        return ReviewOff()
    if len(words) != len(("HIGH", "LOW")):
        return BadCommand("missing" if len(words) == 1 else "too_many", "review", given.text)
    high, low = (threshold_of(word, "review") for word in words)
    if isinstance(high, BadCommand) or isinstance(low, BadCommand):
        return high if isinstance(high, BadCommand) else BadCommand("not_a_number", "review", given.text)
    if low > high:
        return BadCommand("out_of_range", "review", given.text)
    return SetReview(high, low)


def queue(given: Argument) -> Command | BadCommand:
    rest = given.rest()
    match given.first:
        case "":
            return ShowQueue()
        case "pool" | "export" if rest.text:
            return BadCommand("too_many", "queue", given.text)
        case "pool":
            return ShowQueue(pool=True)
        case "export":
            return ExportQueue()
        case "confirm" | "dismiss" if not rest.text:
            return BadCommand("missing", "queue", given.text)
        case "confirm" | "dismiss":
            number = count_of(rest.text.removeprefix("#"), "queue", lowest=1, highest=LARGEST_NUMBER)
            if isinstance(number, BadCommand):
                return number
            return Decide(number, "confirmed" if given.first == "confirm" else "dismissed")
        case _:
            return BadCommand("unknown_word", "queue", given.text)


def gaps(given: Argument) -> Command | BadCommand:
    rest = given.rest()
    match given.first:
        case "":
            return ShowGaps()
        case "digest":
            return _digest(given, rest)
        case "add" | "point" | "dismiss" if not _GAP.fullmatch(rest.first):
            return BadCommand("unknown_word" if rest.text else "missing", "gaps", given.text)
        case "add":
            answer = rest.rest().written.removeprefix("=>").strip()
            return AddGap(rest.first, answer) if answer else BadCommand("missing", "gaps", given.text)
        case "point" if len(rest.rest().words) != 1:
            return BadCommand("too_many" if rest.rest().words else "missing", "gaps", given.text)
        case "point":
            return PointGap(rest.first, rest.rest().text)
        case "dismiss" if rest.rest().text:
            return BadCommand("too_many", "gaps", given.text)
        case "dismiss":
            return DismissGap(rest.first)
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


def inspect(given: Argument) -> Command | BadCommand:
    return Inspect(given.written) if given.written else BadCommand("missing", "inspect")
