"""/tune: asking for a threshold, and labelling a match."""

from __future__ import annotations

import re
from dataclasses import dataclass
from decimal import Decimal

from bot.commands.tune.words import PAGES
from bot.grammar.arguments import Argument, count_of, threshold_of
from bot.grammar.command import AsksEngine, BadCommand, Command
from bot.grammar.verb import Verb

LARGEST_RANK = 10_000
_ANSWER = re.compile(r"[0-9A-Za-z_-]{1,64}")


@dataclass(frozen=True, slots=True)
class Tune(AsksEngine):
    """Evaluate thresholds on the labels of this channel; `precision` is wanted of the lowest one."""

    precision: Decimal | None = None


@dataclass(frozen=True, slots=True)
class LabelMatch(Command):
    """The match of this rank of an answer is relevant, or is not; "": of the last answer here."""

    answer_id: str
    rank: int
    relevant: bool


TuneCommand = Tune | LabelMatch


def read(given: Argument) -> Command | BadCommand:
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
    words = rest.words if len(rest.words) != 1 or not rest.words[0].isdecimal() else ("", *rest.words)
    if len(words) < len(("ANSWER", "RANK")):
        return BadCommand("missing", "tune", given.text)
    if len(words) > len(("ANSWER", "RANK")):
        return BadCommand("too_many", "tune", given.text)
    rank = count_of(words[1], "tune", lowest=1, highest=LARGEST_RANK)
    if isinstance(rank, BadCommand):
        return rank
    if words[0] and not _ANSWER.fullmatch(words[0]):
        return BadCommand("unknown_word", "tune", given.text)
    return LabelMatch(words[0], rank, relevant=relevant)


VERBS = (
    Verb(
        "tune",
        read,
        "[precision SHARE | yes [ANSWER] RANK | no [ANSWER] RANK]",
        "/tune precision 0.95",
        PAGES["tune"],
        words=("precision", "yes", "no"),
        place=80,
    ),
)
