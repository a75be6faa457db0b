"""/kb and /refresh: the knowledge base of a channel."""

from __future__ import annotations

from dataclasses import dataclass

from bot.commands.kb.words import PAGES
from bot.grammar.arguments import Argument
from bot.grammar.command import AsksEngine, BadCommand, ChangesChannel, Command
from bot.grammar.verb import Verb, alone


@dataclass(frozen=True, slots=True)
class ShowKnowledgeBase(AsksEngine):
    pass


@dataclass(frozen=True, slots=True)
class UseKnowledgeBase(ChangesChannel, AsksEngine):
    name: str


@dataclass(frozen=True, slots=True)
class ListKnowledgeBases(AsksEngine):
    pass


@dataclass(frozen=True, slots=True)
class AddEntries(ChangesChannel, AsksEngine):
    """`lines` as they were written, an entry each, `TEXT` or `TEXT => ANSWER`."""

    lines: str

    @property
    def needs_slash(self) -> bool:
        """Without it, this begins ordinary sentences."""
        return True


@dataclass(frozen=True, slots=True)
class RemoveEntry(ChangesChannel, AsksEngine):
    entry_id: str


@dataclass(frozen=True, slots=True)
class Refresh(AsksEngine):
    pass


KnowledgeCommand = (
    ShowKnowledgeBase | UseKnowledgeBase | ListKnowledgeBases | AddEntries | RemoveEntry | Refresh
)


def read(given: Argument) -> Command | BadCommand:
    rest = given.rest()
    match given.first:
        case "":
            return ShowKnowledgeBase()
        case "list":
            return BadCommand("too_many", "kb", given.text) if rest.text else ListKnowledgeBases()
        case "add":
            return AddEntries(rest.written) if rest.written else BadCommand("missing", "kb", given.text)
        case "use" | "remove" if not rest.words:
            return BadCommand("missing", "kb", given.text)
        case "use" | "remove" if len(rest.words) > 1:
            return BadCommand("too_many", "kb", given.text)
        case "use":
            return UseKnowledgeBase(rest.text)
        case "remove":
            return RemoveEntry(rest.text)
        case _:
            return BadCommand("unknown_word", "kb", given.text)


VERBS = (
    Verb(
        "kb",
        read,
        "[use NAME | list | add TEXT => ANSWER | remove ID]",
        "/kb use shop",
        PAGES["kb"],
        words=("use", "list", "add", "remove"),
        place=40,
    ),
    Verb("refresh", alone("refresh", Refresh()), "", "/refresh", PAGES["refresh"], place=130),
)
