"""/threshold: showing it, setting it, trying one, going back; and the margin for near ties."""

from __future__ import annotations

from dataclasses import dataclass, replace
from decimal import Decimal

from bot.commands.threshold.words import PAGES
from bot.grammar.arguments import Argument, threshold_of
from bot.grammar.command import BadCommand, ChangesChannel, Command
from bot.grammar.verb import Verb


@dataclass(frozen=True, slots=True)
class ShowThreshold(Command):
    pass


@dataclass(frozen=True, slots=True)
class SetThreshold(ChangesChannel):
    value: Decimal


@dataclass(frozen=True, slots=True)
class TryThreshold(Command):
    """Preview only; nothing is set."""

    value: Decimal


@dataclass(frozen=True, slots=True)
class ResetThreshold(ChangesChannel):
    pass


@dataclass(frozen=True, slots=True)
class UndoThreshold(ChangesChannel):
    pass


@dataclass(frozen=True, slots=True)
class SetMargin(ChangesChannel):
    """Set how near the first two matches may be before the reply says so; None follows the default."""

    value: Decimal | None


ThresholdCommand = ShowThreshold | SetThreshold | TryThreshold | ResetThreshold | UndoThreshold | SetMargin


def read(given: Argument) -> Command | BadCommand:
    rest = given.rest()
    match given.first:
        case "":
            return ShowThreshold()
        case "reset" | "undo" if rest.text:
            return BadCommand("too_many", "threshold", given.text)
        case "reset":
            return ResetThreshold()
        case "undo":
            return UndoThreshold()
        case "try" if not rest.text:
            return BadCommand("missing", "threshold", given.text)
        case "try":
            tried = threshold_of(rest.text, "threshold")
            return replace(tried, given=given.text) if isinstance(tried, BadCommand) else TryThreshold(tried)
        case "margin" if not rest.text:
            return BadCommand("missing", "threshold", given.text)
        case "margin" if rest.text.lower() == "off":
            return SetMargin(None)
        case "margin":
            margin = threshold_of(rest.text, "threshold")
            return replace(margin, given=given.text) if isinstance(margin, BadCommand) else SetMargin(margin)
        case _:
            value = threshold_of(given.text, "threshold")
            return value if isinstance(value, BadCommand) else SetThreshold(value)


VERBS = (
    Verb(
        "threshold",
        read,
        "[VALUE | try VALUE | reset | undo | margin VALUE]",
        "/threshold 0.65",
        PAGES["threshold"],
        words=("try", "reset", "undo", "margin"),
        place=10,
    ),
)
