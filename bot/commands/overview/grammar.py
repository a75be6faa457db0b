"""/status, /settings and /help."""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass

from bot.commands.overview.words import PAGES
from bot.grammar.arguments import Argument
from bot.grammar.command import AsksEngine, BadCommand, Command, OpenToOutsiders
from bot.grammar.verb import Verb, alone


@dataclass(frozen=True, slots=True)
class Status(AsksEngine):
    pass


@dataclass(frozen=True, slots=True)
class ShowSettings(Command):
    pass


@dataclass(frozen=True, slots=True)
class Help(OpenToOutsiders):
    """All commands, or the one named."""

    verb: str | None = None


OverviewCommand = Status | ShowSettings | Help


def verbs(known: Callable[[], Collection[str]]) -> tuple[Verb, ...]:
    """The verbs of this family; `known` are the names of all, which /help takes."""

    def read_help(given: Argument) -> Command | BadCommand:
        if not given.text:
            return Help()
        name = given.text.lower().lstrip("/、").strip()
        return Help(name) if name in known() else BadCommand("unknown_command", "help", given.text)

    return (
        Verb("status", alone("status", Status()), "", "/status", PAGES["status"], place=140),
        Verb("settings", alone("settings", ShowSettings()), "", "/settings", PAGES["settings"], place=150),
        Verb("help", read_help, "[COMMAND]", "/help threshold", PAGES["help"], place=190),
    )
