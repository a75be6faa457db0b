"""The search as a double loop over double-precision numbers, and vectors to try it on."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray

from engine.index.protocol import SearchSpec, TopRows
from engine.index.scan.dot_products import Int8, Int32, Products
from engine.index.score import Floats

Maker = Callable[[np.random.Generator, int, int], Floats]


def unit(rows: NDArray[np.floating]) -> Floats:
    lengths = np.linalg.norm(rows, axis=1, keepdims=True)
    return np.ascontiguousarray(rows / np.where(lengths == 0, 1, lengths), dtype=np.float32)


def random_rows(rng: np.random.Generator, count: int, dimension: int) -> Floats:
    return unit(rng.standard_normal((count, dimension)))


def clustered_rows(rng: np.random.Generator, count: int, dimension: int) -> Floats:
    centres = random_rows(rng, 3, dimension)
    return unit(centres[rng.integers(0, 3, count)] + 0.05 * rng.standard_normal((count, dimension)))


def duplicated_rows(rng: np.random.Generator, count: int, dimension: int) -> Floats:
    return random_rows(rng, max(1, count // 4), dimension)[rng.integers(0, max(1, count // 4), count)]


def half_step_rows(rng: np.random.Generator, count: int, dimension: int) -> Floats:
    """The worst that int8 can be given: one number sets the step, all others end halfway between two."""
    rows = (rng.integers(-3, 3, (count, dimension)) + 0.5) / 127
    rows[:, 0] = 1
    return unit(rows)


def one_hot_rows(rng: np.random.Generator, count: int, dimension: int) -> Floats:
    rows = np.zeros((count, dimension))
    rows[np.arange(count), rng.integers(0, dimension, count)] = rng.choice([-1, 1], count)
    return unit(rows)


def tiny_and_zero_rows(rng: np.random.Generator, count: int, dimension: int) -> Floats:
    rows = random_rows(rng, count, dimension) * rng.choice([0, 1e-38, 1e-30, 1e-20, 1e-6, 1], (count, 1))
    return np.ascontiguousarray(rows, dtype=np.float32)


def equal_rows(rng: np.random.Generator, count: int, dimension: int) -> Floats:
    return np.repeat(random_rows(rng, 1, dimension), count, axis=0)


def product(row: Floats, question: Floats) -> float:
    """As exact as double precision can be."""
    return max(-1.0, min(1.0, math.fsum(float(a) * float(b) for a, b in zip(row, question, strict=True))))


def double_loop(matrix: Floats, question: Floats) -> list[float]:
    return [product(row, question) for row in matrix]


def answer(scores: Sequence[float], want: SearchSpec) -> tuple[int, list[int]]:
    """How many rows are at or above the threshold, and the rows to come back, from all the scores."""
    own = [1.0 if row in want.exact_rows else score for row, score in enumerate(scores)]
    total = sum(score >= want.threshold for score in own)
    order = sorted(range(len(own)), key=lambda row: (-own[row], row))
    return total, order[: want.length(total, len(own))]


def same(one: TopRows, other: TopRows) -> bool:
    """To the last bit."""
    return (
        one.total == other.total
        and one.rows.tolist() == other.rows.tolist()
        and one.scores.tolist() == other.scores.tolist()
    )


def whole_numbers(questions: Int8) -> Products:
    """Stands in for the library where it is not installed; exact as well."""

    def products(rows: Int8) -> Int32:
        return np.asarray(rows.astype(np.int32) @ questions.T.astype(np.int32))

    return products
