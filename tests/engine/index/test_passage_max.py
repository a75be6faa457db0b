"""Entries by their best passage, against a loop over every row there is."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.index.passage_max import BestPassage, Passages
from engine.index.protocol import SearchSpec
from engine.index.scan import Scan
from engine.index.score import Floats, scores_of
from tests.engine.index.scan import plain
from tests.engine.index.scan.cases import cases


@st.composite
def entries(draw: st.DrawFn) -> tuple[Floats, Floats, Passages, list[SearchSpec]]:
    """Whole texts, questions, and passages that are as hard to tell apart as the texts."""
    matrix, questions, wanted = draw(cases())
    rng = np.random.default_rng(draw(st.integers(0, 2**32)))
    counts = rng.integers(0, 5, len(matrix)) * (rng.random(len(matrix)) < draw(st.sampled_from([0.1, 0.9])))
    starts = np.append(0, np.cumsum(counts)).astype(np.int64)
    rows = np.ascontiguousarray(matrix[rng.integers(0, len(matrix), starts[-1])])
    return matrix, questions, Passages.of(starts, Scan.over(rows)), wanted


def best_scores(matrix: Floats, passages: Passages, question: Floats) -> list[float]:
    whole = scores_of(matrix, np.arange(len(matrix)), question)
    parts = passages.scan.scores(np.arange(len(passages.scan)), question)
    return [
        max([float(score), *parts[passages.starts[row] : passages.starts[row + 1]].tolist()])
        for row, score in enumerate(whole)
    ]


@settings(max_examples=100)
@given(entries())
def test_every_entry_scores_as_its_best_passage(
    case: tuple[Floats, Floats, Passages, list[SearchSpec]],
) -> None:
    matrix, questions, passages, wanted = case
    search = BestPassage(Scan.over(matrix), passages)
    for question, want, ranked in zip(questions, wanted, search.search(questions, wanted), strict=True):
        scores = best_scores(matrix, passages, question)
        assert (ranked.total, ranked.rows.tolist()) == plain.answer(scores, want)
        exact_rows = np.isin(ranked.rows, want.exact_rows)
        assert ranked.scores.tolist() == np.where(exact_rows, 1.0, np.array(scores)[ranked.rows]).tolist()
        some = np.arange(len(matrix))[::-3]
        assert search.scores(some, question).tolist() == [scores[row] for row in some]


def test_starts_that_do_not_fit_are_refused() -> None:
    rows = plain.random_rows(np.random.default_rng(1), 4, 8)
    for starts in ([0, 3], [1, 4], [0, 4, 2, 4]):
        with pytest.raises(ValueError, match="do not fit"):
            Passages.of(np.array(starts), Scan.over(rows))
    whole = Passages.of(np.array([0, 1, 4]), Scan.over(rows))
    with pytest.raises(ValueError, match="of 2 entries, wanted 3"):
        Passages.from_arrays(whole.arrays(), 3, lambda stored, _rows: Scan.over(stored["vectors"]))
