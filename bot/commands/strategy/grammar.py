"""/strategy and /keywords: named sets of settings, and the weight of keywords."""

from __future__ import annotations

import re
from dataclasses import dataclass
from decimal import Decimal

from bot.commands.strategy.words import PAGES
from bot.grammar.arguments import Argument, threshold_of
from bot.grammar.command import BadCommand, ChangesChannel, Command
from bot.grammar.verb import Verb

_NAME = re.compile(r"[a-z][a-z0-9_-]{0,31}")
SHIPPED = ("precise", "balanced", "recall", "moderation")


@dataclass(frozen=True, slots=True)
class ShowStrategy(Command):
    pass


@dataclass(frozen=True, slots=True)
class SetStrategy(ChangesChannel):
    """`name` is shaped like a name; whether there is such a strategy is not known here."""

    name: str

    @property
    def needs_slash(self) -> bool:
        """Only the names that ship are understood without: "strategy meeting" is a question."""
        return self.name not in SHIPPED


@dataclass(frozen=True, slots=True)
class StrategyOff(ChangesChannel):
    pass


@dataclass(frozen=True, slots=True)
class UndoStrategy(ChangesChannel):
    pass


@dataclass(frozen=True, slots=True)
class ShowKeywords(Command):
    pass


@dataclass(frozen=True, slots=True)
class SetKeywords(ChangesChannel):
    """None: back to what the channel follows without a value of its own."""

    weight: Decimal | None


StrategyCommand = ShowStrategy | SetStrategy | StrategyOff | UndoStrategy | ShowKeywords | SetKeywords


def read_strategy(given: Argument) -> Command | BadCommand:
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


def read_keywords(given: Argument) -> Command | BadCommand:
    if not given.text:
        return ShowKeywords()
    if given.text.lower() == "off":
        return SetKeywords(None)
    weight = threshold_of(given.text, "keywords")
    return weight if isinstance(weight, BadCommand) else SetKeywords(weight)


VERBS = (
    Verb(
        "strategy",
        read_strategy,
        "[precise | balanced | recall | moderation | NAME | off | undo]",
        "/strategy precise",
        PAGES["strategy"],
        words=(*SHIPPED, "off", "undo"),
        place=50,
    ),
    Verb(
        "keywords",
        read_keywords,
        "[WEIGHT | off]",
        "/keywords 0.3",
        PAGES["keywords"],
        words=("off",),
        place=60,
    ),
)
