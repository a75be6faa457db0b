"""/kb and /refresh: the knowledge base of a channel."""

from __future__ import annotations

import re
from dataclasses import dataclass

from bot.commands.kb.words import PAGES
from bot.grammar.arguments import Argument
from bot.grammar.arrows import split_at_arrow
from bot.grammar.command import AsksEngine, BadCommand, ChangesChannel, Command
from bot.grammar.verb import Verb, alone

_VERSION = re.compile(r"[0-9a-f]{4,64}")


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
class AddEntry(ChangesChannel, AsksEngine):
    """One entry whose answer has lines of its own: all that stand below `TEXT =>`."""

    text: str
    answer: str

    @property
    def needs_slash(self) -> bool:
        """Without it, this begins ordinary sentences."""
        return True


@dataclass(frozen=True, slots=True)
class RemoveEntry(ChangesChannel, AsksEngine):
    """`entry_id` as it was typed."""

    entry_id: str

    @property
    def needs_slash(self) -> bool:
        """Several words are an id only where it is clear that this is a command."""
        return len(self.entry_id.split()) > 1


@dataclass(frozen=True, slots=True)
class ShowEntry(AsksEngine):
    """`entry_id` as it was typed."""

    entry_id: str

    @property
    def needs_slash(self) -> bool:
        """Several words are an id only where it is clear that this is a command."""
        return len(self.entry_id.split()) > 1


@dataclass(frozen=True, slots=True)
class FindEntries(AsksEngine):
    text: str


@dataclass(frozen=True, slots=True)
class EditEntry(ChangesChannel, AsksEngine):
    """Replace an entry's answer, line breaks and all. `version`: of what was read; "" where none was given.

    `entry_id` as it was typed.
    """

    entry_id: str
    answer: str
    version: str = ""


@dataclass(frozen=True, slots=True)
class Refresh(AsksEngine):
    pass


KnowledgeCommand = (
    ShowKnowledgeBase
    | UseKnowledgeBase
    | ListKnowledgeBases
    | AddEntries
    | AddEntry
    | RemoveEntry
    | ShowEntry
    | FindEntries
    | EditEntry
    | Refresh
)


_NAMING_ENTRY: dict[str, type[RemoveEntry | ShowEntry]] = {"remove": RemoveEntry, "show": ShowEntry}


def read(given: Argument) -> Command | BadCommand:
    rest = given.rest()
    match given.first:
        case "":
            return ShowKnowledgeBase()
        case "list":
            return BadCommand("too_many", "kb", given.text) if rest.text else ListKnowledgeBases()
        case "add":
            return _add(given, rest)
        case "edit":
            return _edit(given, rest)
        case "find":
            return FindEntries(rest.written) if rest.text else BadCommand("missing", "kb", given.text)
        case "use" if len(rest.words) != 1:
            return BadCommand("too_many" if rest.words else "missing", "kb", given.text)
        case "use":
            return UseKnowledgeBase(rest.text)
        case "remove" | "show" if not rest.written:
            return BadCommand("missing", "kb", given.text)
        case "remove" | "show":
            return _NAMING_ENTRY[given.first](rest.written)
        case _:
            return BadCommand("unknown_word", "kb", given.text)


def _add(given: Argument, rest: Argument) -> Command | BadCommand:
    if not rest.written:
        return BadCommand("missing", "kb", given.text)
    text, answer = split_at_arrow(rest.written)
    beside, _, below = answer.partition("\n")
    if text.strip() and not beside.strip() and below.strip():
        return AddEntry(text.strip(), below.strip())
    return AddEntries(rest.written)


def _edit(given: Argument, rest: Argument) -> Command | BadCommand:
    before, answer = split_at_arrow(rest.written)
    written = before.strip()
    if not written or not answer.strip():
        return BadCommand("missing", "kb", given.text)
    first, _, last = written.rpartition(" ")
    version = last if first and _VERSION.fullmatch(last) else ""
    return EditEntry(first.rstrip() if version else written, answer.strip(), version)


VERBS = (
    Verb(
        "kb",
        read,
        "[use NAME | list | add TEXT => ANSWER | find TEXT | show ID | edit ID => ANSWER | remove ID]",
        "/kb use shop",
        PAGES["kb"],
        words=("use", "list", "add", "find", "show", "edit", "remove"),
        place=40,
    ),
    Verb("refresh", alone("refresh", Refresh()), "", "/refresh", PAGES["refresh"], place=130),
)
