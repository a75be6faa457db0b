"""Previews: the effect of another threshold on questions that were asked already.

Their scores were kept when they were asked, so nothing is searched again. At most the
best 200 of a question were kept: where all of them pass, there may be more, and a mean
over such a question is a lower bound.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Literal

from bot import texts
from bot.commands.threshold.words import Words
from bot.domain import QuestionScores
from bot.domain.spelling import fold

QUESTIONS = 200  # how far a preview looks back
SCORES = 200  # how many scores of a question are kept
MOVED = 3


@dataclass(frozen=True, slots=True)
class Effect:
    """The effect of one threshold on the questions. `at_least`: the mean is a lower bound."""

    threshold: Decimal
    silent: int
    mean: float
    at_least: bool


@dataclass(frozen=True, slots=True)
class Moved:
    """A question that gains or loses its best match."""

    question: str
    best_score: float
    how: Literal["gains", "loses"]


@dataclass(frozen=True, slots=True)
class Preview:
    """`moved` counts all that gain or lose; `examples` are those that may be shown to everybody."""

    questions: int
    before: Effect
    after: Effect
    moved: int
    examples: tuple[Moved, ...]


def preview(asked: Sequence[QuestionScores], before: Decimal, after: Decimal) -> Preview | None:
    """The preview of going from one threshold to another over these questions; None when there are none.

    Questions that were asked privately are counted and never quoted.
    """
    if not asked:
        return None
    low, high = sorted((float(before), float(after)))
    how: Literal["gains", "loses"] = "loses" if after > before else "gains"
    between = [one for one in asked if low <= _best(one) < high]
    best_first = sorted((one for one in between if not one.private), key=_best, reverse=True)
    # Asked twice, a question is counted twice and quoted once.
    shown = list({fold(one.question): one for one in reversed(best_first)}.values())[::-1]
    return Preview(
        questions=len(asked),
        before=effect(asked, before),
        after=effect(asked, after),
        moved=len(between),
        examples=tuple(Moved(one.question, _best(one), how) for one in shown[:MOVED]),
    )


def effect(asked: Sequence[QuestionScores], threshold: Decimal) -> Effect:
    """The effect that this threshold would have on these questions (at least one)."""
    limit = float(threshold)
    counts = [matches_at(one, limit) for one in asked]
    return Effect(
        threshold,
        silent=sum(_best(one) < limit for one in asked),
        mean=sum(count for count, _ in counts) / len(asked),
        at_least=any(is_capped for _, is_capped in counts),
    )


def matches_at(asked: QuestionScores, threshold: float) -> tuple[int, bool]:
    """The number of matches that this question had at the threshold; True: there may have been more."""
    # The scores are sorted, the best first.
    count = bisect_right(asked.scores, -threshold, key=lambda score: -score)
    if count < SCORES:
        return count, False
    if float(asked.threshold) == threshold:
        return asked.total, False
    # Whatever passed the higher threshold that it was asked with passes this one as well.
    known = asked.total if threshold < asked.threshold else count
    return max(count, known), True


def in_words(words: Words, preview: Preview) -> list[str]:
    """The whole preview, a line each."""
    lines = [
        words.preview.format(count=preview.questions),
        *(
            words.preview_effect.format(
                threshold=texts.threshold(effect.threshold), silent=effect.silent, mean=_mean(words, effect)
            )
            for effect in (preview.before, preview.after)
        ),
    ]
    if preview.moved:
        is_loss = preview.after.threshold > preview.before.threshold
        template = words.preview_loses if is_loss else words.preview_gains
        lines.append(template.format(count=preview.moved))
    lines += [
        words.preview_moved.format(
            question=texts.shorten(moved.question), score=texts.score(moved.best_score)
        )
        for moved in preview.examples
    ]
    return lines


def in_one_line(words: Words, preview: Preview) -> str:
    """The same for under an answer whose dial was turned."""
    return words.preview_line.format(
        count=preview.questions,
        before=preview.before.silent,
        after=preview.after.silent,
        mean_before=_mean(words, preview.before),
        mean_after=_mean(words, preview.after),
    )


def _mean(words: Words, effect: Effect) -> str:
    number = f"{effect.mean:.1f}"
    return words.at_least.format(number=number) if effect.at_least else number


def _best(asked: QuestionScores) -> float:
    best = asked.best_score
    return float("-inf") if best is None else best
