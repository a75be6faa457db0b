"""Replies: answers, words, documents."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import Annotated, Literal

from pydantic import Field

from bot.domain.channels import Person
from bot.domain.search import Match
from bot.domain.settings import Language

ThresholdSource = Literal["channel", "knowledge base", "default"]


@dataclass(frozen=True, slots=True)
class Button:
    """A command that is one click away; where there are no buttons, people see it and type it.

    `is_explained` when the words of the reply say what to type, so that nothing need be added.
    """

    label: str
    command: str
    is_explained: bool = False


@dataclass(frozen=True, slots=True)
class Answer:
    """The ranked reply to a question. With no matches it says so, with `best_score`.

    `turned_by` is set when a click on the dial of this answer made it what it is now:
    the person, and the threshold before. `notes` are sentences about the answer, shown
    under it. `margin` is set when the first two matches are nearer to each other than it.
    `total` counts entries, `groups` the rows that they make: entries of one answer are one.
    `thread_question` is set where that question of the thread was asked with this one: `question` is both.
    """

    id: str
    question: str
    language: Language
    matches: tuple[Match, ...]
    total: int
    best_score: float | None
    threshold: Decimal
    threshold_source: ThresholdSource
    limit: int
    knowledge_base: str
    snapshot: str
    snapshot_at: datetime | None
    model: str
    offset: int = 0
    private: bool = False
    in_place: bool = False
    turned_by: tuple[Person, Decimal] | None = None
    fingerprint: str = ""
    margin: Decimal | None = None
    keyword_weight: Decimal | None = None
    notes: tuple[str, ...] = ()
    groups: int | None = None
    thread_question: str = ""
    kind: Literal["answer"] = "answer"

    @property
    def rows(self) -> int:
        """The number of matches to show: groups where similar entries were collapsed, else all entries."""
        return self.total if self.groups is None else self.groups


@dataclass(frozen=True, slots=True)
class Text:
    """A reply in words, already in the channel's language. All of it is escaped by the sender.

    `private` asks for a reply only the asker sees. `verb` names the command that it
    answers ("" for none), for platforms that show a card for some of them. `dial` is the
    threshold in force, where a dial under the reply makes sense.
    """

    body: str
    language: Language
    private: bool = False
    verb: str = ""
    buttons: tuple[Button, ...] = ()
    dial: Decimal | None = None
    kind: Literal["text"] = "text"


@dataclass(frozen=True, slots=True)
class Document:
    """A file as a reply, with a sentence about it. The bytes are kept beside it (`File`) until they expire.

    Where a platform takes no files, `body` and `link`, a sentence with an address, are shown.
    """

    id: str
    name: str
    media_type: str
    body: str
    language: Language
    link: str = ""
    private: bool = False
    verb: str = ""
    buttons: tuple[Button, ...] = ()
    kind: Literal["document"] = "document"


Reply = Annotated[Answer | Text | Document, Field(discriminator="kind")]


@dataclass(frozen=True, slots=True)
class File:
    """The bytes of a Document of the same id, and how long (seconds) they may be fetched."""

    id: str
    name: str
    media_type: str
    content: bytes = field(repr=False)
    keep_seconds: float
