"""The nouns of the engine, and nothing that knows a model, a file or a network.

    Entry ──► Snapshot ──► Match ──► SearchAnswer

Everything here is an immutable value. What goes wrong is an `EngineError`: a code for
machines, a sentence for people, and one table that says which HTTP status it is.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any, ClassVar, Literal


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


@dataclass(frozen=True, slots=True)
class Query:
    """One question. `threshold` None: the knowledge base's own. `keep`: how many scores to report of all.

    `collapse`: entries of one answer are one match. `steps`: thresholds to count at.
    `snapshot`: the only one that may answer. `min_snapshot`: the lowest number of one that may.
    """

    text: str
    knowledge_base: str = "default"
    threshold: float | None = None
    limit: int = 5
    offset: int = 0
    keep: int = 0
    keyword_weight: float = 0.0
    collapse: bool = False
    steps: tuple[float, ...] = ()
    snapshot: str | None = None
    min_snapshot: int | None = None


@dataclass(frozen=True, slots=True)
class Other:
    """An entry with the same answer as a match."""

    id: str
    text: str
    score: float


@dataclass(frozen=True, slots=True)
class Match:
    """One entry at or above the threshold, with the very number that was compared.

    `cosine` and `keyword` are what it is made of, `ranking` is what it is sorted by. The cosine
    of a long entry is that of its best passage. `wording` and `passage` are what matched, None
    when it was the text itself. `collapsed` entries with the same answer follow it; `also`
    are the first of them.
    """

    rank: int
    entry: Entry
    score: float
    cosine: float
    keyword: float
    ranking: float
    wording: str | None = None
    passage: str | None = None
    also: tuple[Other, ...] = ()
    collapsed: int = 0


@dataclass(frozen=True, slots=True)
class SearchAnswer:
    """The answer to a Query, all of it from one snapshot.

    `total` counts every entry at or above `threshold`; `best_score` is the best of all
    entries, None when there are none; `scores` are the best of all entries as (id, score),
    above the threshold or not. Only scores of equal `fingerprint` may be compared. `counts` are
    the totals at the steps that were asked for; `groups` counts the matches of a collapsed answer.
    `snapshot_number` grows with each snapshot that is served, one that was gone back to included.
    """

    knowledge_base: str
    snapshot: str
    snapshot_at: datetime
    model: str
    threshold: float
    total: int
    best_score: float | None
    matches: tuple[Match, ...]
    scores: tuple[tuple[str, float], ...] | None = None
    fingerprint: str = ""
    counts: tuple[int, ...] | None = None
    groups: int | None = None
    snapshot_number: int = 0


RefreshState = Literal["waiting", "running", "done", "failed"]


@dataclass(frozen=True, slots=True)
class Refresh:
    """One run over the sources of a knowledge base, from the request to its end.

    `added`, `changed` and `removed` are entries, beside what was served before.
    `confirmed` when a person said that a source may shrink or change as much as it likes.
    Of the texts that are new in it, `embedded` went through the model and `recalled` were
    known from before. `held_back` when the sources still say what was rolled back from, so that it was not
    published. `dropped_more` were dropped beside those in `dropped`, without their reasons.
    `notes` are told of what was read all the same. `managed_only` when no source was read, because
    only the managed entries had changed.
    """

    id: str
    state: RefreshState
    requested: datetime
    started: datetime | None = None
    finished: datetime | None = None
    read: int = 0
    kept: int = 0
    embedded: int = 0
    dropped: tuple[Dropped, ...] = ()
    failed_sources: tuple[FailedSource, ...] = ()
    confirmed: bool = False
    snapshot: str | None = None
    error: str | None = None
    recalled: int = 0
    held_back: bool = False
    dropped_more: int = 0
    notes: tuple[Dropped, ...] = ()
    managed_only: bool = False
    added: int = 0
    changed: int = 0
    removed: int = 0

    @property
    def dropped_total(self) -> int:
        return len(self.dropped) + self.dropped_more


@dataclass(frozen=True, slots=True)
class RolledBack:
    """A rollback to the snapshot being served, from `snapshot`, whose content is `refused`."""

    snapshot: str
    at: datetime
    refused: str


class EngineError(Exception):
    """An error that the caller can be told. The message is a sentence for people."""

    code: ClassVar[str] = "failed"

    def __init__(self, message: str, *, details: Mapping[str, Any] | None = None) -> None:
        """`details` are for machines, by name."""
        super().__init__(message)
        self.message = message
        self.details = details


class SourceError(EngineError):
    """A source that cannot be read; the message names the file and the line, `why` is for programs."""

    code = "source_unreadable"

    def __init__(
        self, message: str, why: str = "unreadable", details: Mapping[str, str] | None = None
    ) -> None:
        super().__init__(message, details=details)
        self.why = why


class BadRequest(EngineError):
    """The body is not what the route reads at all."""

    code = "bad_request"


class BadValue(EngineError):
    """A value outside what is allowed; the message names the field, what was given and what is wanted."""

    code = "bad_value"


class UnsupportedMediaType(EngineError):
    """The body is of a kind that the route does not read."""

    code = "unsupported_media_type"


class UnknownKnowledgeBase(EngineError):
    code = "unknown_knowledge_base"


class UnknownEntry(EngineError):
    code = "unknown_entry"


class UnknownWording(EngineError):
    code = "unknown_wording"


class ForeignEntry(EngineError):
    """The entry belongs to a configured source, so it can only be removed there."""

    code = "foreign_entry"


class Overloaded(EngineError):
    """The waiting line is full; the caller may come back in a moment."""

    code = "overloaded"


class NotReady(EngineError):
    """The model is loading, failed to load, or the knowledge base has no snapshot yet."""

    code = "not_ready"


class NoSnapshot(EngineError):
    """The first refresh failed, so asking again cannot help until its source is mended."""

    code = "no_snapshot"


class SnapshotGone(EngineError):
    """The snapshot that was asked for is not served any more."""

    code = "snapshot_gone"


class SnapshotBehind(EngineError):
    """The snapshot here is older than one that the caller has seen; another engine may be ahead."""

    code = "snapshot_behind"


class ReadOnly(EngineError):
    """This engine follows another, which takes what is to be changed; the message names it."""

    code = "read_only"


class Forbidden(EngineError):
    """The configuration of this engine allows it to nobody."""

    code = "forbidden"


class WordingTaken(EngineError):
    """An entry has the wording already; the message names it."""

    code = "wording_taken"


class EntryChanged(EngineError):
    """The entry is not what the caller had read; both texts are in the details."""

    code = "entry_changed"


class TooLarge(EngineError):
    """More than a route takes at once."""

    code = "too_large"


class EncoderFailed(EngineError):
    """The model did not give a usable vector."""

    code = "encoder_failed"


class DeviceLost(EncoderFailed):
    """The device fails whatever it is given, until the process that uses it begins anew."""


class SnapshotDamaged(EngineError):
    """A stored snapshot is not what its manifest says."""

    code = "snapshot_damaged"


class FolderInUse(EngineError):
    """Another process owns the data folder."""

    code = "folder_in_use"


class FolderUnusable(EngineError):
    """The data folder cannot be made or written to."""

    code = "folder_unusable"


class TooLittleAllowed(EngineError):
    """The machine allows this process too few open files or threads."""

    code = "too_little_allowed"


class MissingPackage(EngineError):
    """A package that the configuration asks for is not installed."""

    code = "missing_package"


class CannotListen(EngineError):
    """The address to listen on is taken, or is not this machine's."""

    code = "cannot_listen"


class CannotReach(EngineError):
    """Another engine does not answer: the one that owns the folder, or the one that is followed."""

    code = "cannot_reach"


# Read the other way round, the first code of a status is the one for what is not more specific.
STATUS: Mapping[str, int] = {
    "bad_request": 400,
    "unauthorized": 401,
    "forbidden": 403,
    "not_found": 404,
    "unknown_knowledge_base": 404,
    "unknown_entry": 404,
    "unknown_wording": 404,
    "method_not_allowed": 405,
    "foreign_entry": 409,
    "no_snapshot": 409,
    "wording_taken": 409,
    "entry_changed": 409,
    "snapshot_behind": 409,
    "read_only": 409,
    "snapshot_gone": 410,
    "too_large": 413,
    "unsupported_media_type": 415,
    "bad_value": 422,
    "overloaded": 429,
    "failed": 500,
    "source_unreadable": 503,
    "encoder_failed": 503,
    "snapshot_damaged": 503,
    "folder_in_use": 503,
    "folder_unusable": 503,
    "too_little_allowed": 503,
    "missing_package": 503,
    "cannot_listen": 503,
    "cannot_reach": 503,
    "not_ready": 503,
}
