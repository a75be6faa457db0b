"""Single entries of the engine and their wordings, and what a trial found, as values.

All but what a trial found are read from its JSON as they stand here.
"""

from __future__ import annotations

from dataclasses import dataclass

from pydantic import AwareDatetime

from bot.domain import Match


@dataclass(frozen=True, slots=True)
class Wording:
    """Another wording of an entry. One from the entry's source has no `id`, teacher or time."""

    text: str
    id: str | None = None
    by: str | None = None
    because: str | None = None
    at: AwareDatetime | None = None


@dataclass(frozen=True, slots=True)
class ShownEntry:
    """An entry whole. Who changes it gives back `hash`; `refresh` makes a change live."""

    id: str
    text: str
    hash: str
    answer: str | None = None
    title: str | None = None
    url: str | None = None
    source: str | None = None
    wordings: tuple[Wording, ...] = ()
    refresh: str | None = None


@dataclass(frozen=True, slots=True)
class Taught:
    """A wording that was taught; `refresh` makes it live."""

    id: str
    entry: str
    text: str
    refresh: str


@dataclass(frozen=True, slots=True)
class Tried:
    """The result of a trial search: the best texts, and the totals at each step."""

    model: str
    size: int
    total: int
    counts: tuple[int, ...]
    best_score: float | None
    matches: tuple[Match, ...]
