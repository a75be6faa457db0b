"""One question at all seventeen steps of the dial at once, so that the slider sends no request.

The steps are strings: adding 0.05 up in binary misses four of seventeen. A score passes a step
where it is at or above the number that the string says, for the engine, for Python and for the
browser alike, because all three read the same double out of the same digits.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from bot import texts
from bot.commands.ask.highlight import Span, bold_spans
from bot.domain import Match, Query
from bot.engine_client import EngineClient

STEPS = tuple(f"{hundredths / 100:.2f}" for hundredths in range(10, 95, 5))
MOST_ROWS = 500
MOST_TEXTS = 2_000  # that the engine tries at once
FIRST_ROWS = 50
_DECIMALS, _MORE_DECIMALS = 4, 6


Parted = tuple[str, str, str]


@dataclass(frozen=True, slots=True)
class Row:
    """A match as the list shows it. `score` is the exact number, `shown` the one for people.

    `text` and `answer` are in three parts, the second of which is bold and may be empty.
    """

    match: Match
    score: str
    shown: str
    tier: texts.Tier
    text: Parted
    answer: Parted | None


@dataclass(frozen=True, slots=True)
class Trial:
    """The matches of a question: the best `rows` from the lowest step on, and how many pass each step.

    A list that nobody keeps has no `snapshot`.
    """

    question: str
    of: int
    snapshot: str
    snapshot_at: datetime | None
    model: str
    best_score: float | None
    counts: tuple[int, ...]
    rows: tuple[Row, ...]

    def count_at(self, step: str) -> int:
        return self.counts[STEPS.index(step)]


def nearest_step(threshold: Decimal | float | None) -> str:
    """The step that lies nearest to a threshold; 0.40 where there is none."""
    wanted = Decimal("0.40") if threshold is None else Decimal(str(threshold))
    return min(STEPS, key=lambda step: abs(Decimal(step) - wanted))


def step_of(text: str | None, otherwise: str) -> str:
    """The step that a form or an address names, however it writes it ("0.4", "0.400001")."""
    try:
        number = float(text or "")
    except ValueError:
        return otherwise
    return nearest_step(number) if -1 <= number <= 1 else otherwise


def search(engine: EngineClient, question: str, knowledge_base: str, size: int, weight: float) -> Trial:
    """Ask one knowledge base. Raises EngineError."""
    query = Query(question, knowledge_base, float(STEPS[0]), MOST_ROWS, keyword_weight=weight, steps=STEPS)
    found = engine.search(query, keep=0)
    return Trial(
        question=question,
        of=size,
        snapshot=found.snapshot,
        snapshot_at=found.snapshot_at,
        model=found.model,
        best_score=found.best_score,
        counts=found.counts,
        rows=tuple(row_of(match, question) for match in found.matches),
    )


def search_list(engine: EngineClient, question: str, texts: Sequence[str]) -> Trial:
    """Ask a list that nobody keeps, every row of which comes along. Raises EngineError."""
    found = engine.try_texts(texts, question, steps=STEPS, limit=MOST_TEXTS)
    lowest = float(STEPS[0])
    return Trial(
        question=question,
        of=found.size,
        snapshot="",
        snapshot_at=None,
        model=found.model,
        best_score=found.best_score,
        counts=found.counts,
        rows=tuple(row_of(match, question) for match in found.matches if match.score >= lowest),
    )


def row_of(match: Match, question: str) -> Row:
    in_text, in_answer = bold_spans(match.text, match.answer, question)
    return Row(
        match=match,
        score=repr(match.score),
        shown=format_score(match.score),
        tier=texts.tier(match.score),
        text=_split_bold(match.text, in_text),
        answer=None if match.answer is None else _split_bold(match.answer, in_answer),
    )


def _split_bold(text: str, bold: Span | None) -> Parted:
    start, end = bold or (0, 0)
    return text[:start], text[start:end], text[end:]


def format_score(score: float) -> str:
    """Four decimals; six where four would say that it reaches a step which it misses."""
    short = f"{score:.{_DECIMALS}f}"
    is_misread = any(float(short) >= float(step) > score for step in STEPS)
    return f"{score:.{_MORE_DECIMALS}f}" if is_misread else short
