"""/toy: showing how many there are, and setting it."""

from __future__ import annotations

from dataclasses import dataclass

from bot.grammar.arguments import Argument, count_of
from bot.grammar.command import BadCommand, ChangesChannel, Command
from bot.grammar.verb import Verb

from .words import PAGES


@dataclass(frozen=True, slots=True)
class ShowToys(Command):
    pass


@dataclass(frozen=True, slots=True)
class SetToys(ChangesChannel):
    count: int


ToyCommand = ShowToys | SetToys


def read(given: Argument) -> Command | BadCommand:
    if not given.text:
        return ShowToys()
    count = count_of(given.text, "toy", lowest=1, highest=9)
    return count if isinstance(count, BadCommand) else SetToys(count)


VERBS = (Verb("toy", read, "[N]", "/toy 3", PAGES["toy"]),)
