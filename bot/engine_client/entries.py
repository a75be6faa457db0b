"""Entries of a knowledge base, and what became of a list of new ones, as values."""

from __future__ import annotations

from dataclasses import dataclass

from bot.domain import LeftOut


@dataclass(frozen=True, slots=True)
class Entry:
    id: str
    text: str
    answer: str | None = None
    source: str | None = None


@dataclass(frozen=True, slots=True)
class EntryPage:
    """A page of a knowledge base's entries in their order, and the number of all."""

    entries: tuple[Entry, ...]
    total: int


@dataclass(frozen=True, slots=True)
class Contradicted:
    """An entry that was there already with `answer`, and another answer, which was not taken."""

    id: str
    text: str
    answer: str | None
    left_out: str


@dataclass(frozen=True, slots=True)
class Added:
    """The outcome of adding a list of entries. `refresh` makes them live; None when nothing is new."""

    added: tuple[Entry, ...]
    repeated: tuple[Entry, ...] = ()
    dropped: tuple[LeftOut, ...] = ()
    refresh: str | None = None
    contradicted: tuple[Contradicted, ...] = ()
