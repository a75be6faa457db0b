"""/inspect: the text to look at."""

from __future__ import annotations

from dataclasses import dataclass

from bot.commands.inspect.words import PAGES
from bot.grammar.arguments import Argument
from bot.grammar.command import AsksEngine, BadCommand, Command
from bot.grammar.verb import Verb


@dataclass(frozen=True, slots=True)
class Inspect(AsksEngine):
    text: str

    @property
    def needs_slash(self) -> bool:
        """Without it, this begins ordinary sentences."""
        return True


def read(given: Argument) -> Command | BadCommand:
    return Inspect(given.written) if given.written else BadCommand("missing", "inspect")


VERBS = (Verb("inspect", read, "TEXT", "/inspect how do I return an order?", PAGES["inspect"], place=120),)
