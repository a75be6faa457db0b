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


def random_case(seed: int, asked: int) -> tuple[Floats, Floats, list[SearchSpec]]:
    """One matrix and this many questions, as hard and a hundred times as quick to draw."""
    rng = np.random.default_rng(seed)
    dimension = int(rng.choice([1, 2, 7, 24, 64, 512]))
    count = int(rng.choice([1, 2, 3, 40, 256, 300, 513, 800]))
    matrix = MAKERS[seed % len(MAKERS)](rng, count, dimension)
    others = MAKERS[int(rng.integers(len(MAKERS)))](rng, asked, dimension)
    is_a_row = rng.random((asked, 1)) < 0.5
    questions = np.ascontiguousarray(np.where(is_a_row, matrix[rng.integers(0, count, asked)], others))
    return matrix, questions, [_random_want(rng, matrix, question) for question in questions]


def _random_want(rng: np.random.Generator, matrix: Floats, question: Floats) -> SearchSpec:
    score = float(scores_of(matrix, rng.integers(0, len(matrix), 1), question)[0])
    thresholds = [score, math.nextafter(score, 2), math.nextafter(score, -2), *rng.uniform(-1, 1, 2)]
    thresholds += rng.choice([0.0, 1.0, -0.1, -1.0, -1.5, 1.0000001, 0.4, 2.0], 1).tolist()
    limits = [None, 0, 1, 5, int(rng.integers(0, len(matrix) + 2))]
    return SearchSpec(
        float(rng.choice(thresholds)),
        limit=limits[int(rng.integers(len(limits)))],
        top_k=int(rng.choice([0, 1, 2, 5, 200])),
        exact_rows=tuple(rng.integers(0, len(matrix), int(rng.integers(3))).tolist()),
    )
