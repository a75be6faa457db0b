"""A question to the engine, and what it found."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from bot.domain.refreshes import FailedSource, LeftOut, Refreshed


@dataclass(frozen=True, slots=True)
class Query:
    """One question to the engine. `threshold` None: the knowledge base's own.

    `collapse`: entries of one answer are one match. `steps` are thresholds to count at, as digits.
    `snapshot`: the only one that may answer; "" for whichever is served.
    """

    text: str
    knowledge_base: str
    threshold: float | None
    limit: int
    offset: int = 0
    keyword_weight: float = 0.0
    collapse: bool = False
    steps: tuple[str, ...] = ()
    snapshot: str = ""


@dataclass(frozen=True, slots=True)
class Also:
    """An entry with the same answer as a match."""

    entry_id: str
    text: str
    score: float


@dataclass(frozen=True, slots=True)
class Match:
    """One entry at or above the threshold, as the engine scored it.

    `bold` is the span of `text`, in characters, of the sentence that answers, `bold_answer`
    that of `answer` where it stands there; None when there is nothing to single out. `ranking` is the
    number it is sorted by, where that is not `score`.
    """

    rank: int
    entry_id: str
    text: str
    score: float
    answer: str | None = None
    title: str | None = None
    url: str | None = None
    source: str | None = None
    cosine: float | None = None
    keyword: float | None = None
    bold: tuple[int, int] | None = None
    ranking: float | None = None
    wording: str | None = None
    passage: str | None = None
    also: tuple[Also, ...] = ()
    collapsed: int = 0
    bold_answer: tuple[int, int] | None = None


@dataclass(frozen=True, slots=True)
class Found:
    """The engine's answer to a Query.

    `total` counts every entry at or above `threshold`; `best_score` is the best of all
    entries, None for an empty knowledge base; `scores` are the best of all entries, above
    the threshold or not, as (id, score). `groups` counts the matches of a collapsed answer;
    `counts` are the totals at the query's steps. `snapshot_number` grows with each snapshot.
    """

    knowledge_base: str
    snapshot: str
    snapshot_at: datetime | None
    model: str
    threshold: float
    total: int
    best_score: float | None
    matches: tuple[Match, ...]
    scores: tuple[tuple[str, float], ...] = ()
    fingerprint: str = ""
    groups: int | None = None
    counts: tuple[int, ...] = ()
    snapshot_number: int = 0


@dataclass(frozen=True, slots=True)
class KnowledgeBase:
    """A knowledge base, as the engine describes it. `progress`: embedded so far, of how many.

    `failed` are the sources that could not be read when it was refreshed last, and `left_out` is how
    much of the others became no entry; `first_left_out` are the first of it.
    """

    name: str
    size: int
    threshold: float | None
    snapshot: str | None
    snapshot_at: datetime | None
    model: str
    dimension: int
    refreshing: bool
    next_refresh: datetime | None = None
    progress: tuple[int, int] | None = None
    fingerprint: str = ""
    failed: tuple[FailedSource, ...] = ()
    left_out: int = 0
    first_left_out: tuple[LeftOut, ...] = ()


@dataclass(frozen=True, slots=True)
class SourceReport:
    """The sources of a knowledge base, and the results of its `refreshes`, newest first.

    `schedule` is as it is configured. `rolled_back_at`: what is served was gone back to then.
    """

    base: KnowledgeBase
    sources: tuple[str, ...]
    schedule: str
    rolled_back_at: datetime | None
    refreshes: tuple[Refreshed, ...]
