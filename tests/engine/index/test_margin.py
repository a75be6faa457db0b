"""The margin rule: whatever an index computes within the bound, its answers are those of a loop."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.domain import NotReady
from engine.index import margin
from engine.index.margin import Ask, Near
from engine.index.protocol import SearchSpec
from engine.index.score import Floats, rounding_bound, scores_of
from tests.engine.index.margin_cases import OtherArithmetic, is_exact
from tests.engine.index.scan import plain
from tests.engine.index.scan.cases import cases, random_case

Case = tuple[Floats, Floats, list[SearchSpec]]


# A tenth of the bound is left for what the double itself rounds.
SHARES = st.sampled_from([0.0, 0.5, 0.9])


@settings(max_examples=40)
@given(case=cases(), share=SHARES, seed=st.integers(0, 2**32))
def test_numbers_within_the_bound_lose_no_row_and_add_none(case: Case, share: float, seed: int) -> None:
    matrix, questions, wanted = case
    assert is_exact(OtherArithmetic(matrix, share=share, seed=seed), matrix, questions, wanted)


@pytest.mark.soak
@pytest.mark.parametrize("share", [0.0, 0.5, 0.9])
def test_ten_thousand_questions_are_answered_exactly(share: float) -> None:
    for seed in range(200):
        matrix, questions, wanted = random_case(seed, 50)
        assert is_exact(OtherArithmetic(matrix, share=share, seed=seed), matrix, questions, wanted), seed


@settings(max_examples=40)
@given(case=cases(), share=SHARES, floor=st.floats(-1, 1))
def test_only_rows_below_threshold_and_floor_may_be_left_out(case: Case, share: float, floor: float) -> None:
    matrix, questions, wanted = case
    wanted = [SearchSpec(one.threshold, top_k=one.top_k, floor=floor) for one in wanted]
    found = margin.search(OtherArithmetic(matrix, share=share), questions, wanted)
    for question, want, rows in zip(questions, wanted, found, strict=True):
        scores = scores_of(matrix, np.arange(len(matrix)), question)
        total, best = plain.answer(scores.tolist(), want)
        lowest = min(want.threshold, want.floor)
        assert rows.total == total
        assert rows.rows.tolist() == [row for row in best if scores[row] >= lowest]


ROWS = plain.random_rows(np.random.default_rng(2), 5000, 32)


def test_most_questions_take_one_request_and_a_few_vectors() -> None:
    index = OtherArithmetic(ROWS, share=0.0)
    [found] = margin.search(index, ROWS[:1], [SearchSpec(0.6, limit=5)])
    assert (index.asked, found.total) == (1, len(np.flatnonzero(ROWS @ ROWS[0] >= 0.6)))
    assert index.fetched <= found.total + 5


def test_questions_are_asked_together_as_often_as_the_widest_of_them() -> None:
    index = OtherArithmetic(ROWS, share=0.0)
    wanted = [SearchSpec(0.6, limit=5), SearchSpec(-1.0, limit=5), SearchSpec(0.2, limit=5)]
    found = margin.search(index, ROWS[:3], wanted)
    assert index.asked == 3
    assert found[1].total == 5000


def test_a_row_on_the_edge_is_scored_again() -> None:
    """Its number is on the wrong side, on either side of the threshold."""
    row = ROWS[:1]
    score = float(scores_of(ROWS, np.array([0]), ROWS[7])[0])
    for threshold, total in ((score, 1), (math.nextafter(score, 2), 0), (math.nextafter(score, -2), 1)):
        for share in (-0.9, 0.9):
            [found] = margin.search(
                OtherArithmetic(row, share=share), ROWS[7:8], [SearchSpec(threshold, limit=1, top_k=0)]
            )
            assert (found.total, len(found.rows)) == (total, total)


class Forgetful(OtherArithmetic):
    """Gives what one of its two shards has, and says nothing of the other."""

    def _nearest(self, ask: Ask) -> Near:
        near = super()._nearest(ask)
        here = near.rows % 2 == 0
        return Near(near.rows[here], near.numbers[here])


def test_fewer_rows_than_there_are_is_an_error_and_no_shorter_list() -> None:
    with pytest.raises(NotReady, match="gave 50 rows"):
        margin.search(Forgetful(ROWS[:100], share=0.0), ROWS[:1], [SearchSpec(0.1, top_k=100)])


def test_nothing_is_asked_of_an_index_without_rows() -> None:
    index = OtherArithmetic(ROWS[:0], share=0.0)
    [found] = margin.search(index, ROWS[:1], [SearchSpec(0.1)])
    assert (found.total, len(found.rows), index.asked) == (0, 0, 0)


def test_the_bound_is_that_of_the_question_it_is_for() -> None:
    """A longer question has larger scores, and rounding that is as much larger."""
    assert rounding_bound(32, 2.0) > rounding_bound(32, 1.0)
    assert is_exact(OtherArithmetic(ROWS, share=0.9), ROWS, 1.004 * ROWS[:3], [SearchSpec(0.2)] * 3)
