"""/ask: a question that says that it is one."""

from __future__ import annotations

from dataclasses import dataclass

from bot.commands.ask.words import PAGES
from bot.grammar.arguments import Argument
from bot.grammar.command import AsksEngine, BadCommand, Command, OpenToOutsiders
from bot.grammar.verb import Verb


@dataclass(frozen=True, slots=True)
class Ask(AsksEngine, OpenToOutsiders):
    question: str

    @property
    def needs_slash(self) -> bool:
        """Without it, this begins ordinary sentences."""
        return True


def read(given: Argument) -> Command | BadCommand:
    return Ask(given.written) if given.written else BadCommand("missing", "ask")


VERBS = (Verb("ask", read, "QUESTION", "/ask how do I return an order?", PAGES["ask"], place=20),)
