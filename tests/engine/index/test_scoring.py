from __future__ import annotations

import math
import random
from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.index.keywords import Keywords
from engine.index.protocol import SearchSpec, TopRows
from engine.index.scan import Scan
from engine.index.score import Floats, scores_of
from engine.index.scoring import Question, QuestionResult, Scoring, score_questions
from tests.engine.index.scan import plain

WORDS = ["?", "?", "退货", "快递", "怎么", "发票", "refund", "order", "wifi", "多久"]
LONG = 80  # words from which on a text counts as long
sayings = st.lists(st.sampled_from(WORDS), min_size=1, max_size=5).map(" ".join)
long_sayings = st.lists(st.sampled_from(WORDS), min_size=70, max_size=90).map(" ".join)


def plainly(matrix: Floats, keywords: Keywords, one: Question) -> list[tuple[int, float, float]]:
    """Row, score and ranking of every row, each computed by itself."""
    rows = np.arange(len(matrix))
    cosines = scores_of(matrix, rows, one.vector)
    cosines[list(one.exact_rows)] = 1.0
    question = keywords.questions([one.text])[0]
    if one.scoring == "auto":
        foreign = cosines[keywords.are_of_another_language(question, rows)]
        misleads = bool((foreign >= keywords.nearness_of_another_language(question)).any())
        words = keywords.of_rows(question, rows)
        words[misleads & (keywords.lengths < LONG)] = 0.0
    elif keywords.is_other_language(question, int(np.argmax(cosines))):
        words = np.zeros(len(matrix))
    else:
        words = keywords.of_rows(question, rows)
    words[list(one.exact_rows)] = 1.0
    found = []
    for row, (cosine, keyword) in enumerate(zip(cosines.tolist(), words.tolist(), strict=True)):
        score = cosine if one.scoring == "cosine" else min(1.0, cosine + keyword * (1 - cosine))
        weight = one.keyword_weight
        found.append((row, score, (1 - weight) * score + weight * keyword if weight else score))
    return found


@st.composite
def cases(draw: st.DrawFn) -> tuple[Floats, Keywords, list[Question]]:
    rng = np.random.default_rng(draw(st.integers(0, 2**32)))
    count, dimension = draw(st.integers(1, 60)), draw(st.sampled_from([2, 16, 64]))
    makers = [plain.random_rows, plain.clustered_rows, plain.duplicated_rows, plain.equal_rows]
    matrix = draw(st.sampled_from(makers))(rng, count, dimension)
    keywords = Keywords.of(draw(st.lists(sayings | sayings | long_sayings, min_size=count, max_size=count)))
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
            scoring=draw(st.sampled_from(["cosine", "either", "auto"])),
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


@settings(max_examples=40)
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


@settings(max_examples=25)
@given(cases(), st.sampled_from([0, 1, 3]), st.integers(1, 60), st.randoms())
def test_an_entry_of_several_rows_counts_with_its_best_however_few_rows_are_strong(
    case: tuple[Floats, Keywords, list[Question]], strong: int, entries: int, draw: random.Random
) -> None:
    matrix, keywords, asked = case
    owners = np.array([draw.randrange(entries) for _ in matrix], np.int64)
    found = score_questions(Scan.over(matrix), keywords, asked, entry_of=owners, strong=strong)
    for one, each in zip(asked, found, strict=True):
        best: dict[int, float] = {}
        for row, score, _ in plainly(matrix, keywords, one):
            best[int(owners[row])] = max(best.get(int(owners[row]), -2.0), score)
        ordered = sorted(best.items(), key=lambda pair: (-pair[1], pair[0]))
        assert each.total == sum(score >= one.threshold for score in best.values())
        assert [
            (int(owners[row]), score) for row, score in zip(each.best.rows, each.best.scores, strict=True)
        ] == (ordered[: max(1, one.keep)])


def rows_and_scores(found: QuestionResult) -> list[tuple[int, float]]:
    return list(zip(found.hits.rows.tolist(), found.hits.scores.tolist(), strict=True))


TWO = np.eye(2, dtype=np.float32)


def ask(
    text: str, scoring: Scoring = "cosine", weight: float = 0.0, threshold: float = 0.5
) -> QuestionResult:
    """Two rows; the vector is nearer to the first, the words may be nearer to the second."""
    keywords = Keywords.of(["发票怎么开", "退货要多久"])
    vector = np.array([0.8, 0.6], dtype=np.float32)
    one = Question(text, vector, threshold, limit=2, keyword_weight=weight, scoring=scoring)
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


BUTTONS = ["按钮的三种大小", "按钮的颜色怎么改", "按钮放在哪里合适", "Three sizes of a button"]


@pytest.mark.parametrize(
    ("question", "nearness_of_the_english_entry", "do_words_count"),
    [
        ("按钮的大小怎么改", 0.3, True),
        ("按钮的大小怎么改", 0.5, False),  # from 0.4 on: one entry of four is in the other language
        ("Do you have a big button", 0.5, False),
        ("button", 0.5, False),
        ("SF-1042", 0.5, True),
    ],
)
def test_words_count_unless_an_entry_in_the_other_language_is_near(
    question: str, nearness_of_the_english_entry: float, do_words_count: bool
) -> None:
    texts = [*BUTTONS, "SF-1042"]
    matrix = np.eye(6, dtype=np.float32)[:5]
    vector = np.zeros(6, np.float32)
    vector[0] = 0.6
    vector[3] = nearness_of_the_english_entry
    vector[5] = math.sqrt(1 - float(vector @ vector))
    one = Question(question, vector, -1.0, 5, scoring="auto")
    [found] = score_questions(Scan.over(matrix), Keywords.of(texts), [one])
    assert found.hits.keywords.any() == do_words_count
    [higher] = score_questions(Scan.over(matrix), Keywords.of(texts), [replace(one, threshold=0.55, limit=1)])
    assert higher.hits.scores[0] == found.hits.scores[0]


def test_a_word_in_another_language_than_all_entries_is_a_name() -> None:
    one = Question("wifi", np.array([0.8, 0.6], np.float32), -1.0, 2, scoring="auto")
    [found] = score_questions(Scan.over(TWO), Keywords.of(["wifi密码是多少", "快递多久能到"]), [one])
    assert found.hits.keywords[0] > 0


def test_long_texts_are_found_by_their_words_beside_entries_in_another_language() -> None:
    long = "退货要在收到以后七天之内提出申请，商品不能影响第二次销售。" * 5
    keywords = Keywords.of([long, "Returns are free for seven days"])
    one = Question("收到以后七天之内能退货吗", np.array([0.6, 0.8], np.float32), -1.0, 2, scoring="auto")
    [found] = score_questions(Scan.over(TWO), keywords, [one])
    assert found.hits.rows.tolist() == [0, 1]
    assert found.hits.keywords[0] > 0.3


class CountedScan(Scan):
    """Knows how often its rows were passed over, and for how many questions."""

    def __init__(self, matrix: Floats) -> None:
        super().__init__(matrix)
        self.passes: list[int] = []

    def search(self, questions: Floats, wanted: Sequence[SearchSpec]) -> list[TopRows]:
        self.passes.append(len(wanted))
        return super().search(questions, wanted)


@pytest.mark.parametrize("scoring", ["either", "auto"])
def test_rows_that_share_words_beyond_the_strongest_cost_no_second_pass(scoring: Scoring) -> None:
    texts = [f"{'发票怎么开' if number % 4 else '退货要多久'} {number}" for number in range(80)]
    matrix = plain.random_rows(np.random.default_rng(1), len(texts), 16)
    scan = CountedScan(matrix)
    one = Question("退货要几天", matrix[0], 0.3, 5, scoring=scoring)
    [found] = score_questions(scan, Keywords.of(texts), [one], strong=3)
    assert found.total > 3
    assert scan.passes == [1]


def test_entries_that_need_more_of_their_rows_get_them_from_one_pass() -> None:
    matrix = plain.random_rows(np.random.default_rng(1), 60, 16)
    matrix[:50] = matrix[0]  # the nearest rows are all of one entry
    owners = np.array([0] * 50 + list(range(1, 11)))
    scan, keywords = CountedScan(matrix), Keywords.of([f"order {number}" for number in range(60)])
    asked = [Question("order", matrix[0], 2.0, 5, keep=number) for number in (2, 3, 4, 5)]
    together = score_questions(scan, keywords, asked, entry_of=owners)
    alone = [score_questions(Scan(matrix), keywords, [one], entry_of=owners)[0] for one in asked]

    assert scan.passes[:2] == [4, 4]
    assert [each.best.rows.tolist() for each in together] == [each.best.rows.tolist() for each in alone]
