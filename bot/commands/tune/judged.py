"""A channel's labels as they count today, for /tune and for the console's curve.

A label counts with the score that today's model gives: one made with another model is
scored again, and left out when that model does not rank the entry among its best 200.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from bot.commands.base.context import digest_of
from bot.commands.base.ports import Engine
from bot.domain import Label, Query
from bot.engine_client import Judged

MOST_LABELS = 20_000
MOST_RESCORED = 200  # questions asked again in one go: a second or two


@dataclass(frozen=True, slots=True)
class Gathered:
    """The labels as they count today, and how many were scored again or left out."""

    judged: tuple[Judged, ...]
    rescored: int = 0
    left_out: int = 0


def gather(engine: Engine, labels: Sequence[Label], knowledge_base: str, fingerprint: str) -> Gathered:
    """The newest labels of one knowledge base. Raises EngineError."""
    given = labels[-MOST_LABELS:]
    current = [label for label in given if _is_current(label, fingerprint)]
    old = [label for label in given if not _is_current(label, fingerprint)]
    # The newest questions first: they are the likeliest to be asked again.
    questions = list(dict.fromkeys(label.question for label in reversed(old)))[:MOST_RESCORED]
    scores = {question: _scores(engine, question, knowledge_base) for question in questions}
    again = [
        replace(label, score=scores[label.question][label.entry_id])
        for label in old
        if label.entry_id in scores.get(label.question, {})
    ]
    judged = tuple(
        Judged(min(max(label.score, -1.0), 1.0), label.relevant, digest_of(label.question, 16))
        for label in (*current, *again)
        if label.score is not None
    )
    return Gathered(judged, len(again), len(old) - len(again))


def _scores(engine: Engine, question: str, knowledge_base: str) -> dict[str, float]:
    return dict(engine.search(Query(question, knowledge_base, 1.0, 1)).scores)


def _is_current(label: Label, fingerprint: str) -> bool:
    return label.score is not None and label.fingerprint == fingerprint
