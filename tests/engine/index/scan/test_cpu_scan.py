from __future__ import annotations

import gc
import math
import weakref
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.index.protocol import SearchSpec
from engine.index.scan import Compressed, Scan, int8_products
from engine.index.scan.dot_products import Int8Products
from engine.index.score import Floats, scores_of
from tests.engine.index.scan import plain
from tests.engine.index.scan.cases import MAKERS, cases

KERNELS: dict[str, Int8Products | None] = {
    "whole rows": None,
    "int8 in numpy": plain.whole_numbers,
    "int8 in the library": int8_products(),
}


def scans(matrix: Floats, threads: int = 2) -> list[Scan]:
    """Every way to search this matrix that this machine has; few rows are read in full first."""
    copy = Compressed.of(matrix)
    made = [Scan(matrix, threads=threads)]
    return made + [
        Scan(matrix, copy, products=how, threads=threads, opening=opening)
        for how in KERNELS.values()
        for opening in (0, 300)
        if how
    ]


@settings(max_examples=30)
@given(cases())
def test_every_way_to_search_gives_what_a_double_loop_gives(
    case: tuple[Floats, Floats, list[SearchSpec]],
) -> None:
    matrix, questions, wanted = case
    every_row = np.arange(len(matrix))
    for scan in scans(matrix):
        found = scan.search(questions, wanted)
        for question, want, ranked in zip(questions, wanted, found, strict=True):
            scores = scores_of(matrix, every_row, question)
            assert (ranked.total, ranked.rows.tolist()) == plain.answer(scores.tolist(), want)
            exact_rows = np.isin(ranked.rows, want.exact_rows)
            assert ranked.scores.tolist() == np.where(exact_rows, 1.0, scores[ranked.rows]).tolist()


@settings(max_examples=25)
@given(cases(), st.integers(0, 800) | st.floats(-1, 1))
def test_only_what_is_below_the_floor_and_the_threshold_may_be_left_out(
    case: tuple[Floats, Floats, list[SearchSpec]], floor_or_row: float
) -> None:
    matrix, questions, wanted = case
    every_row = np.arange(len(matrix))
    is_row = isinstance(floor_or_row, int)
    at_row = float(scores_of(matrix, every_row, questions[0])[int(floor_or_row) % len(matrix)])
    floor = at_row if is_row else floor_or_row
    for scan in scans(matrix):
        found = scan.search(questions, [replace(want, floor=floor) for want in wanted])
        for question, want, ranked in zip(questions, wanted, found, strict=True):
            scores = scores_of(matrix, every_row, question)
            total, rows = plain.answer(scores.tolist(), want)
            scores[list(want.exact_rows)] = 1.0
            needed = [row for row in rows if scores[row] >= min(floor, want.threshold)]
            assert ranked.total == total
            assert ranked.rows[: len(needed)].tolist() == needed
            assert ranked.scores.tolist() == scores[ranked.rows].tolist()


@settings(max_examples=20)
@given(cases())
def test_a_score_is_the_cosine_of_a_double_loop(case: tuple[Floats, Floats, list[SearchSpec]]) -> None:
    matrix, questions, _ = case
    few = matrix[:20]
    for question in questions:
        assert scores_of(few, np.arange(len(few)), question) == pytest.approx(
            plain.double_loop(few, question), abs=1e-15, rel=1e-14
        )


@settings(max_examples=30)
@given(cases())
def test_questions_searched_together_get_what_each_gets_alone(
    case: tuple[Floats, Floats, list[SearchSpec]],
) -> None:
    matrix, questions, wanted = case
    for scan in scans(matrix):
        together = scan.search(questions, wanted)
        for row, want in enumerate(wanted):
            assert plain.same(together[row], scan.search(questions[row : row + 1], [want])[0])


@settings(max_examples=30)
@given(cases())
def test_the_compressed_copy_misleads_by_no_more_than_it_says(
    case: tuple[Floats, Floats, list[SearchSpec]],
) -> None:
    matrix, _, _ = case
    copy = Compressed.of(matrix)
    kept = copy.rows.astype(np.float64) * copy.steps.astype(np.float64)[:, None]
    assert (np.linalg.norm(matrix - kept, axis=1) <= copy.residuals).all()


@pytest.mark.parametrize("maker", MAKERS)
def test_many_tiles_on_several_threads_lose_nothing(maker: plain.Maker) -> None:
    rng = np.random.default_rng(7)
    matrix = maker(rng, 12_000, 24)
    questions = np.concatenate([matrix[:3], plain.random_rows(rng, 3, 24)])
    every_row = np.arange(len(matrix))
    scores = [scores_of(matrix, every_row, question) for question in questions]
    orders = [np.lexsort((every_row, -each)) for each in scores]
    ways = scans(matrix, threads=3)
    for threshold in (-1.0, 0.0, 0.05, 0.1, 0.4, 1.0):
        wanted = [
            SearchSpec(threshold, limit=10, top_k=3),
            SearchSpec(threshold),
            SearchSpec(threshold, top_k=200),
        ] * 2
        expected = []
        for each, order, want in zip(scores, orders, wanted, strict=True):
            total = int((each >= threshold).sum())
            expected.append((total, order[: want.length(total, len(matrix))].tolist()))
        for scan in ways:
            found = scan.search(questions, wanted)
            assert (threshold, [(ranked.total, ranked.rows.tolist()) for ranked in found]) == (
                threshold,
                expected,
            )


@pytest.mark.parametrize("how", KERNELS.values(), ids=KERNELS.keys())
def test_a_crowd_around_the_threshold_and_calm_after_it_change_nothing(how: Int8Products | None) -> None:
    """The first half of the rows is all within the int8 bound of the threshold, the second nowhere near."""
    rng = np.random.default_rng(3)
    question = plain.random_rows(rng, 1, 64)
    other = plain.random_rows(rng, 30_000, 64)
    other -= (other @ question[0])[:, None] * question
    cosines = np.where(np.arange(30_000) < 15_000, 0.5 + 0.002 * rng.standard_normal(30_000), 0.1)
    matrix = plain.unit(cosines[:, None] * question + np.sqrt(1 - cosines**2)[:, None] * plain.unit(other))
    scores = scores_of(matrix, np.arange(len(matrix)), question[0])
    scan = Scan(matrix, Compressed.of(matrix), products=how)
    assert scan.at_least(question, [0.5])[0].total == int((scores >= 0.5).sum())
    assert scan.best(question, 40)[0].rows.tolist() == np.argsort(-scores, kind="stable")[:40].tolist()


@pytest.mark.parametrize("how", KERNELS.values(), ids=KERNELS.keys())
def test_a_row_better_by_less_than_int8_can_tell_is_the_best(how: Int8Products | None) -> None:
    """All rows surely pass and only the first is wanted, so all others may be counted unseen."""
    rng = np.random.default_rng(4)
    question = plain.random_rows(rng, 1, 64)
    other = plain.random_rows(rng, 1000, 64)
    other -= (other @ question[0])[:, None] * question
    cosines = np.full(1000, 0.6)
    cosines[[3, 700]] = 0.8, 0.8001
    matrix = plain.unit(cosines[:, None] * question + np.sqrt(1 - cosines**2)[:, None] * plain.unit(other))
    scan = Scan(matrix, Compressed.of(matrix), products=how, opening=0)
    found = scan.search(question, [SearchSpec(0.3, limit=1)])[0]
    assert (found.total, found.rows.tolist()) == (1000, [700])


def test_callers_who_share_a_pass_get_what_each_gets_alone() -> None:
    rng = np.random.default_rng(9)
    matrix, questions = plain.clustered_rows(rng, 5000, 64), plain.clustered_rows(rng, 200, 64)
    wanted = [SearchSpec(rng.uniform(-1, 1), limit=7, top_k=int(rng.integers(0, 3))) for _ in questions]
    for scan in scans(matrix):
        alone = [
            scan.search(question[None], [want])[0] for question, want in zip(questions, wanted, strict=True)
        ]
        with ThreadPoolExecutor(8) as callers:
            shared = list(callers.map(lambda q, want: scan.search(q[None], [want])[0], questions, wanted))  # noqa: B023 - used within the turn
        assert all(map(plain.same, shared, alone))


def test_a_scan_that_is_let_go_gives_its_memory_back_at_once() -> None:
    matrix = plain.random_rows(np.random.default_rng(9), 40_000, 16)
    scan = Scan.over(matrix)
    scan.best(matrix[:1], 1)
    matrix_kept = weakref.ref(matrix)
    gc.disable()
    try:
        del scan, matrix
        assert matrix_kept() is None
    finally:
        gc.enable()


def test_equal_scores_come_in_the_order_of_their_rows() -> None:
    matrix = plain.equal_rows(np.random.default_rng(1), 1000, 16)
    for scan in scans(matrix):
        assert scan.best(matrix[:1], 5)[0].rows.tolist() == [0, 1, 2, 3, 4]


def test_a_matrix_without_rows_has_no_answer_and_no_error() -> None:
    for scan in scans(np.empty((0, 8), dtype=np.float32)):
        found = scan.search(np.ones((1, 8), dtype=np.float32), [SearchSpec(0.0, top_k=3)])[0]
        assert (found.total, len(found.rows), found.best_score) == (0, 0, None)


def test_no_question_has_no_answer() -> None:
    assert Scan(np.eye(3, dtype=np.float32)).search(np.empty((0, 3), dtype=np.float32), []) == []


def test_the_copy_comes_back_from_its_arrays_even_as_memory_maps(tmp_path: Path) -> None:
    matrix = plain.random_rows(np.random.default_rng(5), 500, 32)
    np.save(tmp_path / "matrix.npy", matrix)
    arrays = {}
    for name, array in Compressed.of(matrix).arrays().items():
        np.save(tmp_path / f"{name}.npy", array)
        arrays[name] = np.load(tmp_path / f"{name}.npy", mmap_mode="r")
    mapped = np.load(tmp_path / "matrix.npy", mmap_mode="r")
    scan = Scan.over(mapped, Compressed.from_arrays(arrays, matrix.shape))
    for questions in (matrix[:1], matrix[:9]):
        ours = scan.at_least(questions, [0.3] * len(questions))
        theirs = Scan(matrix).at_least(questions, [0.3] * len(questions))
        assert all(map(plain.same, ours, theirs))


def test_a_copy_that_does_not_fit_is_refused() -> None:
    arrays = Compressed.of(np.eye(3, dtype=np.float32)).arrays()
    with pytest.raises(ValueError, match="int8_rows is int8 of shape"):
        Compressed.from_arrays(arrays, (4, 3))
    del arrays["int8_steps"]
    with pytest.raises(ValueError, match="no int8_steps"):
        Compressed.from_arrays(arrays, (3, 3))


@pytest.mark.parametrize("value", [np.nan, np.inf, 2.0])
def test_rows_that_are_not_of_unit_length_are_not_compressed(value: float) -> None:
    matrix = np.eye(3, dtype=np.float32)
    matrix[1, 1] = value
    with pytest.raises(ValueError, match="a row of length"):
        Compressed.of(matrix)


def test_questions_that_cannot_be_compared_are_refused() -> None:
    scan = Scan(np.eye(3, dtype=np.float32))
    with pytest.raises(ValueError, match="not finite"):
        scan.best(np.full((1, 3), np.nan, dtype=np.float32), 1)
    with pytest.raises(ValueError, match="wanted"):
        scan.best(np.zeros((1, 4), dtype=np.float32), 1)
    with pytest.raises(ValueError, match="not a number"):
        SearchSpec(math.nan)


def test_the_copy_takes_little_more_than_a_quarter_of_the_matrix() -> None:
    matrix = plain.random_rows(np.random.default_rng(2), 1000, 512)
    assert Compressed.of(matrix).nbytes < 0.26 * matrix.nbytes


@pytest.mark.skipif(int8_products() is None, reason="numkong is not installed")
@pytest.mark.parametrize("count", [1, 3, 4, 33])
@pytest.mark.parametrize("dimension", [1, 7, 64, 512, 1024])
def test_the_library_multiplies_whole_numbers_exactly(count: int, dimension: int) -> None:
    rng = np.random.default_rng(count)
    rows = rng.integers(-127, 128, (300, dimension), dtype=np.int8)
    rows[0] = 127
    questions = rng.integers(-127, 128, (count, dimension), dtype=np.int8)
    questions[0] = 127
    how = int8_products()
    assert how is not None
    assert np.array_equal(how(questions)(rows), plain.whole_numbers(questions)(rows))
