from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.index.keywords import Keywords
from engine.index.scan import Scan, scores_of
from engine.index.scan.score import Floats
from engine.index.scoring import Question, QuestionResult, score_questions
from tests.engine.index.scan import plain

WORDS = ["?", "?", "退货", "快递", "怎么", "发票", "refund", "order", "wifi", "多久"]
sayings = st.lists(st.sampled_from(WORDS), min_size=1, max_size=5).map(" ".join)


def plainly(matrix: Floats, keywords: Keywords, one: Question) -> list[tuple[int, float, float]]:
    """Row, score and ranking of every row, each computed by itself."""
    rows = np.arange(len(matrix))
    cosines = scores_of(matrix, rows, one.vector)
    cosines[list(one.exact_rows)] = 1.0
    question = keywords.question(one.text)
    if keywords.is_other_language(question, int(np.argmax(cosines))):
        words = np.zeros(len(matrix))
    else:
        words = keywords.of_rows(question, rows)
    words[list(one.exact_rows)] = 1.0
    found = []
    for row, (cosine, keyword) in enumerate(zip(cosines.tolist(), words.tolist(), strict=True)):
        score = min(1.0, cosine + keyword * (1 - cosine)) if one.scoring == "either" else cosine
        weight = one.keyword_weight
        found.append((row, score, (1 - weight) * score + weight * keyword if weight else score))
    return found


@st.composite
def cases(draw: st.DrawFn) -> tuple[Floats, Keywords, list[Question]]:
    rng = np.random.default_rng(draw(st.integers(0, 2**32)))
    count, dimension = draw(st.integers(1, 60)), draw(st.sampled_from([2, 16, 64]))
    makers = [plain.random_rows, plain.clustered_rows, plain.duplicated_rows, plain.equal_rows]
    matrix = draw(st.sampled_from(makers))(rng, count, dimension)
    keywords = Keywords.of(draw(st.lists(sayings, min_size=count, max_size=count)))
    asked = []
    for _ in range(draw(st.integers(1, 4))):
        one = Question(
            text=draw(sayings),
            vector=plain.random_rows(rng, 1, dimension)[0],
            threshold=0.0,
            limit=draw(st.integers(1, count + 2)),
            keep=draw(st.sampled_from([0, 1, 3, 200])),
            exact_rows=draw(st.lists(st.integers(0, count - 1), max_size=2, unique=True).map(tuple)),
            keyword_weight=draw(st.sampled_from([0.0, 0.3, 1.0])),
            scoring=draw(st.sampled_from(["cosine", "either"])),
        )
        of_a_row = st.sampled_from([score for _, score, _ in plainly(matrix, keywords, one)])
        threshold = draw(
            of_a_row
            | of_a_row.map(lambda score: math.nextafter(score, 2))
            | st.sampled_from([-1.0, -0.1, 0.0, 0.4, 1.0])
            | st.floats(-1, 1)
        )
        asked.append(
            Question(**{name: getattr(one, name) for name in Question.__slots__} | {"threshold": threshold})
        )
    return matrix, keywords, asked


@settings(max_examples=200)
@given(cases(), st.sampled_from([0, 1, 3, 1000]))
def test_every_row_that_passes_is_found_whatever_its_score_is_made_of(
    case: tuple[Floats, Keywords, list[Question]], strong: int
) -> None:
    matrix, keywords, asked = case
    for one, found in zip(
        asked, score_questions(Scan.over(matrix), keywords, asked, strong=strong), strict=True
    ):
        everything = plainly(matrix, keywords, one)
        passing = sorted(
            (each for each in everything if each[1] >= one.threshold), key=lambda each: (-each[2], each[0])
        )
        best = sorted(everything, key=lambda each: (-each[1], each[0]))[: max(1, one.keep)]
        assert found.total == len(passing)
        assert rows_and_scores(found) == [each[:2] for each in passing[: one.limit]]
        assert found.best.rows.tolist() == [row for row, _, _ in best]
        assert found.best.scores.tolist() == [score for _, score, _ in best]


def rows_and_scores(found: QuestionResult) -> list[tuple[int, float]]:
    return list(zip(found.hits.rows.tolist(), found.hits.scores.tolist(), strict=True))


TWO = np.eye(2, dtype=np.float32)


def ask(text: str, scoring: str = "cosine", weight: float = 0.0, threshold: float = 0.5) -> QuestionResult:
    """Two rows; the vector is nearer to the first, the words may be nearer to the second."""
    keywords = Keywords.of(["发票怎么开", "退货要多久"])
    vector = np.array([0.8, 0.6], dtype=np.float32)
    one = Question(text, vector, threshold, limit=2, keyword_weight=weight, scoring=scoring)  # type: ignore[arg-type]
    return score_questions(Scan.over(TWO), keywords, [one])[0]


def test_the_weight_of_keywords_moves_the_order_and_no_score() -> None:
    plain_order, moved = ask("退货多久"), ask("退货多久", weight=0.9)
    assert (plain_order.hits.rows.tolist(), moved.hits.rows.tolist()) == ([0, 1], [1, 0])
    assert moved.hits.scores.tolist() == plain_order.hits.scores.tolist()[::-1]
    assert ask("退货多久", weight=0.9, threshold=0.7).total == 1


def test_either_lifts_what_says_the_words_and_nothing_else() -> None:
    found = ask("退货要多久", scoring="either")
    assert found.hits.rows.tolist() == [1, 0]
    score, cosine, keyword = (
        float(part[0]) for part in (found.hits.scores, found.hits.cosines, found.hits.keywords)
    )
    assert score == pytest.approx(1 - (1 - cosine) * (1 - keyword), abs=1e-15)
    assert score > 0.85
    assert found.hits.scores[1] == found.hits.cosines[1] == pytest.approx(0.8)


def test_keywords_are_left_out_when_the_nearest_entry_is_in_another_language() -> None:
    keywords = Keywords.of(["按钮 Button 的三种大小", "Button comes in blue"])
    one = Question("three sizes of a Button", np.array([0.8, 0.6], np.float32), 0.0, 2, scoring="either")
    other = Question("three sizes of a Button", np.array([0.6, 0.8], np.float32), 0.0, 2, scoring="either")
    across, within = score_questions(Scan.over(TWO), keywords, [one, other])
    assert across.hits.keywords.tolist() == [0, 0]
    assert within.hits.keywords[0] > 0 == within.hits.keywords[1]
