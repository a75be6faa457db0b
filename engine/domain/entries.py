"""Entries, and the sources that they are read from, added to or taught in."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Entry:
    """One thing the knowledge base knows. `text` and its other `wordings` are what is compared.

    The rest is carried along.
    `id` does not change when a source is reordered. `source` says where the entry was
    read, for people.
    """

    id: str
    text: str
    answer: str | None = None
    title: str | None = None
    url: str | None = None
    source: str = ""
    fields: Mapping[str, str] = field(default_factory=dict)
    wordings: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Dropped:
    """Something in a source that did not become an entry. `where` is FILE:LINE.

    `code` and `details` say for programs what `reason` says in English.
    """

    where: str
    reason: str
    code: str = field(default="", compare=False)
    details: Mapping[str, str] = field(default_factory=dict, compare=False)


@dataclass(frozen=True, slots=True)
class TaughtWording:
    """Another wording of an entry, as somebody taught it: `by` whom, `because` of what, and when."""

    id: str
    entry: str
    text: str
    by: str
    because: str
    at: datetime


@dataclass(frozen=True, slots=True)
class SourceSpec:
    """The location of a source: a path, a URL, or a database's URL with a query.

    `path` starts from `base`. The address and the headers may hold secrets and are not shown.
    """

    path: str = ""
    url: str = field(default="", repr=False)
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    query: str = ""
    base: Path = Path()


@dataclass(frozen=True, slots=True)
class FailedSource:
    """A source, or a file of one, that could not be read.

    `kept` entries of it are served as they were at `since`. `code` and `details` are the reason for
    programs; `failing_since` the first failure of an unbroken row.
    """

    source: str
    reason: str
    kept: int = 0
    since: datetime | None = None
    code: str = field(default="unreadable", compare=False)
    failing_since: datetime | None = None
    details: Mapping[str, str] = field(default_factory=dict, compare=False)


@dataclass(frozen=True, slots=True)
class SourceContents:
    """The contents of a source: the entries kept, how many were read, and what was left out and why.

    `notes` are told beside what was left out: nothing was lost by them. `failed` are the sources
    and files whose entries are from before. `is_old` when that is so of all, so that nothing was learnt.
    """

    entries: tuple[Entry, ...]
    read: int
    dropped: tuple[Dropped, ...] = ()
    failed: tuple[FailedSource, ...] = ()
    is_old: bool = False
    notes: tuple[Dropped, ...] = ()


@dataclass(frozen=True, slots=True)
class Contradicted:
    """An entry that was there already, and another answer to it, which was not taken."""

    entry: Entry
    left_out: str


@dataclass(frozen=True, slots=True)
class Added:
    """The outcome of adding a list to the managed source.

    `repeated` were there already, `contradicted` with another answer.
    """

    added: tuple[Entry, ...] = ()
    repeated: tuple[Entry, ...] = ()
    contradicted: tuple[Contradicted, ...] = ()
    dropped: tuple[Dropped, ...] = ()
