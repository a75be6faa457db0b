"""An index that compares in another arithmetic, as badly as the bound allows."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from engine.index import margin
from engine.index.margin import Ask, Near
from engine.index.protocol import SearchSpec, TopRows
from engine.index.score import Floats, rounding_bound, scores_of
from tests.engine.index.scan import plain


class Searches(Protocol):
    def search(self, questions: Floats, wanted: Sequence[SearchSpec]) -> list[TopRows]: ...


def is_exact(index: Searches, matrix: Floats, questions: Floats, wanted: Sequence[SearchSpec]) -> bool:
    """Whether this index answers all of them as a loop over all scores does, to the last bit."""
    for question, want, found in zip(questions, wanted, index.search(questions, wanted), strict=True):
        scores = scores_of(matrix, np.arange(len(matrix)), question)
        own = np.where(np.isin(found.rows, want.exact_rows), 1.0, scores[found.rows])
        if (found.total, found.rows.tolist()) != plain.answer(scores.tolist(), want):
            return False
        if found.scores.tolist() != own.tolist():
            return False
    return True


class OtherArithmetic:
    """Each number is off by up to the bound, to either side; equal numbers come in any order.

    `share` of the bound is used; 0: numbers are scores rounded to single precision, as a good index gives.
    """

    def __init__(self, matrix: Floats, *, share: float, seed: int = 0) -> None:
        self._matrix = matrix
        self._share = share
        self._rng = np.random.default_rng(seed)
        self.asked = 0
        self.fetched = 0

    def __len__(self) -> int:
        return len(self._matrix)

    @property
    def dimension(self) -> int:
        return int(self._matrix.shape[1])

    def search(self, questions: Floats, wanted: Sequence[SearchSpec]) -> list[TopRows]:
        return margin.search(self, questions, wanted)

    def nearest(self, asks: Sequence[Ask]) -> list[Near]:
        self.asked += 1
        return [self._nearest(ask) for ask in asks]

    def take(self, rows: NDArray[np.intp]) -> Floats:
        self.fetched += len(rows)
        return self._matrix[rows]

    def _nearest(self, ask: Ask) -> Near:
        wide = ask.question.astype(np.float64)
        bound = rounding_bound(self.dimension, float(np.linalg.norm(wide)))
        off = np.random.default_rng(7).choice([-1.0, 1.0, 0.3], len(self)) * bound * self._share
        numbers = (self._matrix.astype(np.float64) @ wide + off).astype(np.float32).astype(np.float64)
        order = np.lexsort((self._rng.random(len(self)), -numbers))
        order = order[numbers[order] >= ask.at_least][: ask.limit]
        return Near(order, numbers[order])
