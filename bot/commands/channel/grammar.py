"""/limit, /language and /name: how a channel is answered, and what it is called."""

from __future__ import annotations

from dataclasses import dataclass

from bot.commands.channel.words import LONGEST_NAME, PAGES
from bot.domain import Language
from bot.grammar.arguments import Argument, count_of
from bot.grammar.command import BadCommand, ChangesChannel, Command
from bot.grammar.verb import Verb

LOWEST_LIMIT, HIGHEST_LIMIT = 1, 20


@dataclass(frozen=True, slots=True)
class ShowLimit(Command):
    pass


@dataclass(frozen=True, slots=True)
class SetLimit(ChangesChannel):
    count: int


@dataclass(frozen=True, slots=True)
class ShowLanguage(Command):
    pass


@dataclass(frozen=True, slots=True)
class SetLanguage(ChangesChannel):
    language: Language


@dataclass(frozen=True, slots=True)
class ShowName(Command):
    pass


@dataclass(frozen=True, slots=True)
class SetName(ChangesChannel):
    """A name for the channel, where its platform has none; None takes the name away."""

    label: str | None

    @property
    def needs_slash(self) -> bool:
        """Without it, this begins ordinary sentences."""
        return True


ChannelCommand = ShowLimit | SetLimit | ShowLanguage | SetLanguage | ShowName | SetName


def read_limit(given: Argument) -> Command | BadCommand:
    if not given.text:
        return ShowLimit()
    count = count_of(given.text, "limit", lowest=LOWEST_LIMIT, highest=HIGHEST_LIMIT)
    return count if isinstance(count, BadCommand) else SetLimit(count)


def read_language(given: Argument) -> Command | BadCommand:
    match given.text.lower():
        case "":
            return ShowLanguage()
        case "zh" | "中文" | "chinese":
            return SetLanguage("zh")
        case "en" | "英文" | "英语" | "english":
            return SetLanguage("en")
        case _:
            return BadCommand("unknown_word", "language", given.text)


def read_name(given: Argument) -> Command | BadCommand:
    if not given.text:
        return ShowName()
    if given.text.lower() == "off":
        return SetName(None)
    label = " ".join(given.written.split())
    if len(label) > LONGEST_NAME:
        return BadCommand("out_of_range", "name", label)
    return SetName(label)


VERBS = (
    Verb("limit", read_limit, "[N]", "/limit 5", PAGES["limit"], place=30),
    Verb(
        "language",
        read_language,
        "[zh | en]",
        "/language zh",
        PAGES["language"],
        words=("zh", "en"),
        place=160,
    ),
    Verb("name", read_name, "[LABEL | off]", "/name Returns desk", PAGES["name"], words=("off",), place=170),
)
