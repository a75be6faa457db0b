"""Matrices, questions and wishes that a search finds hard, for hypothesis to draw from."""

from __future__ import annotations

import math

import numpy as np
from hypothesis import strategies as st

from engine.index.protocol import SearchSpec
from engine.index.score import Floats, scores_of
from tests.engine.index.scan import plain

MAKERS: list[plain.Maker] = [
    plain.random_rows,
    plain.clustered_rows,
    plain.duplicated_rows,
    plain.half_step_rows,
    plain.one_hot_rows,
    plain.tiny_and_zero_rows,
    plain.equal_rows,
]


@st.composite
def cases(draw: st.DrawFn) -> tuple[Floats, Floats, list[SearchSpec]]:
    rng = np.random.default_rng(draw(st.integers(0, 2**32)))
    dimension = draw(st.one_of(st.integers(1, 64), st.just(512)))
    count = draw(st.sampled_from([1, 2, 3, 40, 255, 256, 257, 300, 511, 512, 513, 800]))
    maker = draw(st.sampled_from(MAKERS))
    matrix = maker(rng, count, dimension)
    asked = draw(st.integers(1, 9))
    questions = np.ascontiguousarray(
        np.where(
            rng.random((asked, 1)) < 0.5,
            matrix[rng.integers(0, count, asked)],
            draw(st.sampled_from(MAKERS))(rng, asked, dimension),
        )
    )
    return matrix, questions, [draw(wants(matrix, question)) for question in questions]


def wants(matrix: Floats, question: Floats) -> st.SearchStrategy[SearchSpec]:
    """Thresholds that are, miss, or just reach a score of this very question."""
    scores = scores_of(matrix, np.arange(len(matrix)), question)
    of_a_row = st.integers(0, len(matrix) - 1).map(lambda row: float(scores[row]))
    thresholds = st.one_of(
        of_a_row,
        of_a_row.map(lambda score: math.nextafter(score, 2)),
        of_a_row.map(lambda score: math.nextafter(score, -2)),
        st.sampled_from([0.0, 1.0, -0.1, -1.0, -1.5, 1.0000001, 0.4, 2.0]),
        st.floats(-1, 1),
    )
    return st.builds(
        SearchSpec,
        thresholds,
        limit=st.none() | st.integers(0, len(matrix) + 2),
        top_k=st.sampled_from([0, 1, 2, 5, 200]),
        exact_rows=st.lists(st.integers(0, len(matrix) - 1), max_size=2).map(tuple),
    )
