"""/console: takes nothing."""

from __future__ import annotations

from dataclasses import dataclass

from bot.commands.console.words import PAGES
from bot.grammar.arguments import Argument
from bot.grammar.command import BadCommand, Command
from bot.grammar.verb import Verb


@dataclass(frozen=True, slots=True)
class OpenConsole(Command):
    """A link that signs the writer in to the pages in a browser."""


def read(given: Argument) -> Command | BadCommand:
    return BadCommand("too_many", "console", given.text) if given.text else OpenConsole()


VERBS = (Verb("console", read, "", "/console", PAGES["console"], place=185),)
