"""/review and /queue: two thresholds, and what waits for a decision."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from decimal import Decimal

from bot.commands.review.words import PAGES
from bot.domain.records import Decided
from bot.grammar.arguments import Argument, count_of, threshold_of
from bot.grammar.command import BadCommand, ChangesChannel, Command, MakesFile, NeedsRights
from bot.grammar.verb import Verb

LARGEST_NUMBER = 2_000_000_000
MOST_AT_ONCE = 200
_BETWEEN = re.compile(r"[\s,，、]")


@dataclass(frozen=True, slots=True)
class ShowReview(Command):
    pass


@dataclass(frozen=True, slots=True)
class SetReview(ChangesChannel):
    high: Decimal
    low: Decimal


@dataclass(frozen=True, slots=True)
class ReviewOff(ChangesChannel):
    pass


@dataclass(frozen=True, slots=True)
class ShowQueue(Command):
    """The items that wait for a decision; with `pool`, the sample of what was only observed."""

    pool: bool = False


@dataclass(frozen=True, slots=True)
class Decide(NeedsRights):
    """`others` are decided in the same way."""

    number: int
    decision: Decided
    others: tuple[int, ...] = ()

    @property
    def numbers(self) -> tuple[int, ...]:
        return (self.number, *self.others)


@dataclass(frozen=True, slots=True)
class ExportQueue(NeedsRights, MakesFile):
    pass


ReviewCommand = ShowReview | SetReview | ReviewOff | ShowQueue | Decide | ExportQueue


def read_review(given: Argument) -> Command | BadCommand:
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


def read_queue(given: Argument) -> Command | BadCommand:
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
        case "confirm" | "dismiss" | "clear" if not rest.text:
            return BadCommand("missing", "queue", given.text)
        case "confirm":
            return _decide(rest, "confirmed")
        case "dismiss":
            return _decide(rest, "dismissed")
        case "clear":
            return _decide(rest, "cleared")
        case _:
            return BadCommand("unknown_word", "queue", given.text)


def _decide(rest: Argument, decision: Decided) -> Command | BadCommand:
    numbers: list[int] = []
    for word in filter(None, _BETWEEN.split(rest.text)):
        number = count_of(word.removeprefix("#"), "queue", lowest=1, highest=LARGEST_NUMBER)
        if isinstance(number, BadCommand):
            return replace(number, given=rest.text)
        numbers.append(number)
    if not 0 < len(numbers) <= MOST_AT_ONCE:
        return BadCommand("too_many" if numbers else "missing", "queue", rest.text)
    first, *others = dict.fromkeys(numbers)
    return Decide(first, decision, tuple(others))


VERBS = (
    Verb(
        "review",
        read_review,
        "[HIGH LOW | off]",
        "/review 0.70 0.45",
        PAGES["review"],
        words=("off",),
        place=90,
    ),
    Verb(
        "queue",
        read_queue,
        "[pool | confirm NUMBER … | dismiss NUMBER … | clear NUMBER … | export]",
        "/queue confirm 12",
        PAGES["queue"],
        words=("pool", "confirm", "dismiss", "clear", "export"),
        place=100,
    ),
)
