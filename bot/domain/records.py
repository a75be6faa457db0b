"""Records of what was asked and said: questions, labels, reviews, gaps."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Literal

from bot.domain.channels import Person
from bot.domain.replies import Answer
from bot.domain.search import Match

LabelSource = Literal["vote", "import", "review"]
# Right, wrong, or neither: what is cleared is out of the queue and says nothing of the match.
Decided = Literal["confirmed", "dismissed", "cleared"]
ReviewState = Literal["queued", "observed", "pooled", "confirmed", "dismissed", "cleared"]


@dataclass(frozen=True, slots=True)
class AnsweredQuestion:
    """A question as it was answered, kept for the dial, the preview and the export."""

    answer: Answer
    scores: tuple[tuple[str, float], ...] = ()


@dataclass(frozen=True, slots=True)
class QuestionScores:
    """The figures of an answered question, without its matches. `scores` are its best, the best first."""

    question: str
    threshold: Decimal
    total: int
    best_score: float | None
    model: str
    fingerprint: str = ""
    private: bool = False
    scores: tuple[float, ...] = ()


@dataclass(frozen=True, slots=True)
class RecordedQuestion:
    """A question that was asked: by whom, and when (UTC)."""

    asked: AnsweredQuestion
    person: Person
    asked_at: datetime


@dataclass(frozen=True, slots=True)
class Label:
    """Somebody's word on whether an entry answers a question: what thresholds are tuned by.

    `origin` is what it was said of: the id of an answer, or of an import a digest of the
    question. A person has one label on each entry of an origin; a later one replaces it.
    `score`, `model` (its name), `fingerprint` and `snapshot` are those of the answer; None
    and "" where not known.
    """

    question: str
    entry_id: str
    relevant: bool
    source: LabelSource
    knowledge_base: str
    origin: str
    score: float | None = None
    model: str = ""
    fingerprint: str = ""
    snapshot: str = ""


@dataclass(frozen=True, slots=True)
class RecordedLabel:
    """A label that was given: by whom, and when (UTC)."""

    label: Label
    person: Person
    made_at: datetime


@dataclass(frozen=True, slots=True)
class ReviewCandidate:
    """An answer that the two thresholds of /review single out, with its best match."""

    answer: Answer
    match: Match
    high: Decimal
    low: Decimal
    state: ReviewState


@dataclass(frozen=True, slots=True)
class ReviewItem:
    """An item of the review queue. `id` is what people see; `decided_by` is a name, "" while it is open."""

    id: int
    answer_id: str
    state: ReviewState
    person: Person
    question: str
    knowledge_base: str
    entry_id: str
    entry_text: str
    score: float
    high: Decimal
    low: Decimal
    model: str
    fingerprint: str
    snapshot: str
    made_at: datetime
    decided_by: str = ""
    decided_at: datetime | None = None

    @property
    def is_open(self) -> bool:
        return self.state not in {"confirmed", "dismissed", "cleared"}


@dataclass(frozen=True, slots=True)
class Decision:
    """Somebody's word on a review item. The first one stands."""

    review_id: int
    state: Decided


@dataclass(frozen=True, slots=True)
class ClosedGap:
    """A question that found nothing, and what was done about it; "reopened": that was taken back."""

    knowledge_base: str
    question: str
    decision: Literal["added", "pointed", "dismissed", "reopened"]
    entry_id: str | None = None


@dataclass(frozen=True, slots=True)
class EntryChange:
    """A change of an entry from the chat. `text` is the entry's, `before` its answer until then."""

    knowledge_base: str
    entry_id: str
    act: Literal["added", "changed", "removed"]
    text: str
    before: str = ""


@dataclass(frozen=True, slots=True)
class RecordedEntryChange:
    """An entry that was changed: by whom, and when (UTC)."""

    change: EntryChange
    person: Person
    made_at: datetime


@dataclass(frozen=True, slots=True)
class RecordedGap:
    """A gap that was closed, and when (UTC)."""

    gap: ClosedGap
    made_at: datetime
