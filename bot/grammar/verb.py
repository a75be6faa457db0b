"""A verb, such as /threshold: how what follows it is read, and what the help says of it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from bot.domain import Language
from bot.grammar.arguments import Argument
from bot.grammar.command import BadCommand, Command

LAST_PLACE = 185  # before /help


@dataclass(frozen=True, slots=True)
class Page:
    """`summary` fits on one line; `takes` completes "/threshold takes …".

    `forms`: what may be typed, and what it does, each as somebody would type it, so that it
    can be copied and changed. A command with one form has none.
    """

    summary: str
    takes: str
    forms: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Verb:
    """`grammar` is the argument's shape; `words` may follow the name as they are.

    `place`: where it stands among the others in lists, the lowest first.
    """

    name: str
    read: Callable[[Argument], Command | BadCommand]
    grammar: str
    example: str
    pages: Mapping[Language, Page]
    words: tuple[str, ...] = ()
    place: int = LAST_PLACE

    def page(self, language: Language) -> Page:
        return self.pages[language]


def alone(verb: str, command: Command) -> Callable[[Argument], Command | BadCommand]:
    """A parser for a verb without arguments: `command`, or BadCommand where something follows the verb."""
    return lambda given: BadCommand("too_many", verb, given.text) if given.text else command
