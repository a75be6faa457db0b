"""The rows of one matrix on a server, as the engine asks for them.

They are counted when they are first asked, every minute and whenever the server was away: rows that are
missing must be an error, for the answer without them looks like any other.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Protocol, Self

import numpy as np
from numpy.typing import NDArray

from engine.domain import NotReady, SnapshotDamaged
from engine.index import margin
from engine.index.margin import Ask, Near
from engine.index.protocol import RowSearch, SearchSpec, TopRows
from engine.index.score import Floats, Rows, Scores, rounding_bound

COUNT_SECONDS = 60.0
_SAMPLES = 200
_SHAPE = "index_shape"

_log = logging.getLogger(__name__)


class RowsMissing(NotReady):
    """The server answers, and does not have these rows, or not all of them."""


class Store(Protocol):
    """A server's store of the rows of one matrix. Every function raises NotReady, or its RowsMissing."""

    def count(self) -> int:
        """The number of rows, counted and not estimated."""

    def nearest(self, asks: Sequence[Ask]) -> list[Near]:
        """The nearest rows for each request, as `engine.index.margin.Numbers` defines them."""

    def take(self, rows: NDArray[np.intp]) -> Floats:
        """The vectors of these rows, in their order; a row may come twice."""


class DistantRows:
    """A `RowSearch` over a store, exact whatever the store's arithmetic is."""

    def __init__(
        self,
        store: Store,
        shape: tuple[int, int],
        *,
        device: str,
        steady: Callable[[], float] = time.monotonic,
    ) -> None:
        self._store = store
        self._shape = shape
        self.device = device
        self._steady = steady
        self._counted_at: float | None = None

    @classmethod
    def reopen(
        cls,
        store: Store,
        stored: Mapping[str, NDArray[Any]],
        shape: tuple[int, int],
        *,
        device: str,
        steady: Callable[[], float] = time.monotonic,
    ) -> Self:
        """The rows of a snapshot that kept `stored`; a server that is away is left to each search.

        Raises:
            SnapshotDamaged, KeyError, ValueError: they are not there, or not these.
        """
        kept = tuple(stored[_SHAPE].tolist())
        if kept != shape:
            raise ValueError(f"the index was given rows of shape {kept}, wanted {shape}")
        rows = cls(store, shape, device=device, steady=steady)
        try:
            rows.count_now_and_then()
        except RowsMissing as problem:
            raise SnapshotDamaged(problem.message) from problem
        except NotReady as problem:
            _log.warning("index not looked at", extra={"reason": problem.message})
        return rows

    def __len__(self) -> int:
        return self._shape[0]

    @property
    def dimension(self) -> int:
        return self._shape[1]

    def search(self, questions: Floats, wanted: Sequence[SearchSpec]) -> list[TopRows]:
        self.count_now_and_then()
        try:
            return margin.search(self, questions, wanted)
        except NotReady:
            self._counted_at = None  # it may come back with less than it had
            raise

    def scores(self, rows: Rows, question: Floats) -> Scores:
        return margin.score(self, rows, question)

    def nearest(self, asks: Sequence[Ask]) -> list[Near]:
        return self._store.nearest(asks)

    def take(self, rows: NDArray[np.intp]) -> Floats:
        if not len(rows):
            return np.empty((0, self.dimension), np.float32)
        return self._store.take(rows)

    def arrays(self) -> Mapping[str, NDArray[Any]]:
        return {_SHAPE: np.array(self._shape, np.int64)}

    def rebased_on(self, vectors: Floats) -> RowSearch:  # noqa: ARG002 - the snapshot's folder has none of its vectors
        return self

    def problem(self) -> str:
        try:
            self.count_now_and_then()
        except NotReady as problem:
            return problem.message
        return ""

    def count_now_and_then(self) -> None:
        """Raises NotReady: rows are missing, or it cannot be told now."""
        if self._counted_at is not None and self._steady() - self._counted_at < COUNT_SECONDS:
            return
        self._counted_at = None
        if len(self) and (count := self._store.count()) != len(self):
            raise RowsMissing(f"the index has {count} of {len(self)} rows")
        self._counted_at = self._steady()

    def compare_some(self, vectors: Floats) -> None:
        """Raises NotReady: they are not these vectors, or are compared with larger errors."""
        self.count_now_and_then()
        if not len(vectors):
            return
        some = np.unique(np.linspace(0, len(vectors) - 1, _SAMPLES).astype(np.int64))
        if not np.array_equal(self.take(some), vectors[some]):
            raise NotReady("the index does not give back the vectors it was handed")
        question = vectors[some[0]]
        [near] = self.nearest([Ask(question, len(some))])
        products = vectors[near.rows].astype(np.float64) @ question.astype(np.float64)
        away = np.abs(near.numbers - products)
        if len(near.rows) != len(some) or away.max() > rounding_bound(self.dimension, 1.01):
            raise NotReady("the index does not compare vectors by their products in single precision")
