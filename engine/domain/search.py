"""A question to a knowledge base, and its answer."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from engine.domain.entries import Entry


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
