"""What a preview says is what asking the same questions again would give."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.commands.threshold.preview import (
    SCORES,
    Effect,
    Moved,
    Preview,
    in_one_line,
    in_words,
    matches_at,
    preview,
)
from bot.commands.threshold.reply import comparable
from bot.commands.threshold.words import WORDS
from bot.domain import QuestionScores


def asked_at(
    threshold: str, scores: list[float], *, question: str = "q", private: bool = False
) -> QuestionScores:
    """A question to entries with these scores, as the engine answers and the store keeps it."""
    ranked = sorted(scores, reverse=True)
    return QuestionScores(
        question,
        Decimal(threshold),
        total=sum(score >= float(threshold) for score in ranked),
        best_score=ranked[0] if ranked else None,
        model="small",
        private=private,
        scores=tuple(ranked[:SCORES]),
    )


thresholds = st.decimals(0, 1, places=2)
# Scores right at thresholds are what counting gets wrong.
scores = st.lists(st.one_of(st.floats(-1, 1), thresholds.map(float)), max_size=40)


@given(st.lists(scores, min_size=1, max_size=8), thresholds, thresholds, thresholds)
def test_a_preview_is_a_replay_of_the_same_questions(
    entries: list[list[float]], asked_with: Decimal, before: Decimal, after: Decimal
) -> None:
    asked = [
        replace(asked_at(str(asked_with), one), question=f"q{number}") for number, one in enumerate(entries)
    ]
    found = preview(asked, before, after)
    assert found is not None
    for effect in (found.before, found.after):
        counts = [sum(score >= float(effect.threshold) for score in one) for one in entries]
        assert effect.silent == counts.count(0)
        assert effect.mean == pytest.approx(sum(counts) / len(entries))
        assert not effect.at_least
    passes = [
        tuple(any(score >= float(limit) for score in one) for limit in (before, after)) for one in entries
    ]
    assert found.moved == sum(then != now for then, now in passes)
    assert len(found.examples) == min(3, found.moved)
    assert {moved.how for moved in found.examples} <= {"loses" if after > before else "gains"}


@given(st.integers(0, 3), thresholds, thresholds)
def test_where_all_kept_scores_pass_the_count_is_a_lower_bound_and_says_so(
    beyond: int, asked_with: Decimal, threshold: Decimal
) -> None:
    entries = [1 - 0.001 * at for at in range(SCORES + beyond)]
    count, at_least = matches_at(asked_at(str(asked_with), entries), float(threshold))
    real = sum(score >= float(threshold) for score in entries)
    assert count <= real
    assert at_least or count == real


def test_nothing_asked_gives_no_preview() -> None:
    assert preview([], Decimal("0.4"), Decimal("0.5")) is None


def test_an_empty_knowledge_base_finds_nothing_at_any_threshold() -> None:
    found = preview([asked_at("0.4", [])], Decimal(0), Decimal(1))
    assert found is not None
    assert (found.before.silent, found.after.silent, found.moved) == (1, 1, 0)


def test_questions_asked_privately_are_counted_and_never_quoted() -> None:
    asked = [
        asked_at("0.4", [0.5], question="public"),
        asked_at("0.4", [0.6], question="secret", private=True),
    ]
    found = preview(asked, Decimal("0.4"), Decimal("0.7"))
    assert found is not None
    assert (found.moved, found.examples) == (2, (Moved("public", 0.5, "loses"),))


def test_the_examples_are_those_with_the_best_scores() -> None:
    asked = [asked_at("0.4", [score], question=str(score)) for score in (0.41, 0.44, 0.42, 0.43)]
    found = preview(asked, Decimal("0.4"), Decimal("0.5"))
    assert found is not None
    assert [moved.question for moved in found.examples] == ["0.44", "0.43", "0.42"]


def test_scores_of_another_model_are_left_out() -> None:
    old, new = asked_at("0.4", [0.5]), asked_at("0.4", [0.5])
    new = replace(new, model="large")
    assert comparable([new, old, new]) == [new, new]
    assert comparable([]) == []


PREVIEW = Preview(
    questions=40,
    before=Effect(Decimal("0.4"), 3, 4.25, at_least=True),
    after=Effect(Decimal("0.65"), 9, 1.5, at_least=False),
    moved=6,
    examples=(Moved("where is\nmy parcel?", 0.64119, "loses"),),
)


def test_a_preview_in_words() -> None:
    assert in_words(WORDS["en"], PREVIEW) == [
        "The last questions here (40):",
        "at 0.40: 3 without a match, at least 4.2 matches each on average",
        "at 0.65: 9 without a match, 1.5 matches each on average",
        "Questions that would lose their best match: 6",
        "“where is my parcel?” (0.6412)",
    ]
    assert in_one_line(WORDS["zh"], PREVIEW) == (
        "最近 40 个问题：找不到内容的从 3 个变为 9 个，平均条数 至少 4.2 → 1.5。"
    )
