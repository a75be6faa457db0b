"""Exact search on the processor, at the speed at which memory can be read."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np
from numpy.typing import NDArray

from engine.index.protocol import SearchSpec, TopRows
from engine.index.scan.dot_products import Int8Products, int8_products
from engine.index.scan.int8_bounds import BLOCK, RoughRows, RoughScores
from engine.index.scan.int8_copy import Compressed
from engine.index.scan.mapped_rows import take_rows
from engine.index.scan.ranking import Candidates
from engine.index.scan.shared_pass import SharedPasses
from engine.index.scan.tile_pass import TilePass
from engine.index.score import (
    Floats,
    Rows,
    Scores,
    as_questions,
    scores_of,
)

# The first tile tells how good the best rows are at least. It is read in full, by one thread,
# and so large that no question is likely to find a crowd in the tiles after it. With 16 times
# as many rows as are wanted the best of them are well above the rest.
_OPENING = 1024
_OPENING_PER_ROW_KEPT = 16
# A tile after it is large enough that calling into a library costs little, and its products are
# few enough for a core's own cache.
_LARGEST = 32768
_SMALLEST = 1024
_PRODUCTS = 2**17
_MANY = 2048  # rows that take longer to score, about a millisecond, than to hand to other threads


class Scan:
    """Every row at or above a threshold, best first, of a matrix that does not change.

    Rows are single precision, of unit length (up to 1.01; rows of zeros are fine), and may
    be a memory map. An answer is a matter of the matrix and the question alone: with or
    without the compressed copy, one question or many, one thread or several, it is the
    same to the last bit. Several callers may search at once; their questions share a pass.
    """

    def __init__(
        self,
        matrix: Floats,
        compressed: Compressed | None = None,
        *,
        products: Int8Products | None = None,
        threads: int = 2,
        opening: int = _OPENING,
    ) -> None:
        """Without a compressed copy or without `products` every question reads whole rows.

        About `opening` rows are read in full first; how many is a matter of speed alone.
        """
        if matrix.ndim != 2 or matrix.dtype != np.float32 or not matrix.flags.c_contiguous:  # noqa: PLR2004 - rows and columns
            raise ValueError(f"a C-contiguous float32 matrix is wanted, not {matrix.dtype} of {matrix.shape}")
        if compressed is not None and compressed.rows.shape != matrix.shape:
            raise ValueError(f"the copy is of shape {compressed.rows.shape}, the matrix of {matrix.shape}")
        self._matrix = np.asarray(matrix)
        self._compressed = compressed
        self._rough = None if compressed is None else RoughRows.of(compressed)
        self._products = products
        self._threads = max(1, threads)
        self._opening = opening
        self._pool = ThreadPoolExecutor(self._threads, thread_name_prefix="scan")
        self._passes = SharedPasses((len(matrix), matrix.shape[1]))

    @classmethod
    def over(cls, matrix: Floats, compressed: Compressed | None = None, *, threads: int = 2) -> Scan:
        """The fastest scan on this machine; compresses the matrix if that helps and was not done yet."""
        products = int8_products()
        if products is None:
            return cls(matrix, threads=threads)
        copy = compressed if compressed is not None else Compressed.of(matrix, threads=threads)
        return cls(matrix, copy, products=products, threads=threads)

    def __len__(self) -> int:
        return len(self._matrix)

    @property
    def device(self) -> str:
        return "cpu"

    @property
    def matrix(self) -> Floats:
        return self._matrix

    @property
    def compressed(self) -> Compressed | None:
        """The copy, to be stored beside the matrix."""
        return self._compressed

    def take(self, rows: NDArray[np.intp]) -> Floats:
        return take_rows(self._matrix, rows)

    def arrays(self) -> Mapping[str, NDArray[Any]]:
        return {"vectors": self._matrix, **(self._compressed.arrays() if self._compressed else {})}

    def rebased_on(self, vectors: Floats) -> Scan:
        return Scan(
            vectors,
            self._compressed,
            products=self._products,
            threads=self._threads,
            opening=self._opening,
        )

    def problem(self) -> str:
        return ""

    def search(self, questions: Floats, wanted: Sequence[SearchSpec]) -> list[TopRows]:
        """The answer to each question, from one pass over the rows for all of them."""
        return self._passes.search(questions, wanted, self._candidates, self._scores)

    def at_least(self, questions: Floats, thresholds: Iterable[float]) -> list[TopRows]:
        """Every row at or above the threshold, for each question."""
        return self.search(questions, [SearchSpec(float(threshold), top_k=0) for threshold in thresholds])

    def best(self, questions: Floats, count: int) -> list[TopRows]:
        """The best `count` rows, for each question."""
        return self.search(questions, [SearchSpec(2.0, top_k=count)] * len(questions))

    def scores(self, rows: Rows, question: Floats) -> Scores:
        """The scores of these rows for one question."""
        return self._scores(rows, as_questions(question[None], self._matrix.shape[1])[0])

    def _candidates(self, questions: Floats, wanted: Sequence[SearchSpec]) -> list[Candidates]:
        """One pass over the rows."""
        size = len(self._matrix)
        opening = self._first_tile(wanted)
        rough = self._seen_by(questions) if opening < size else None
        look = TilePass(self._matrix, rough, questions, wanted)
        look.visit(0, opening)
        tile = self._tile(size - opening, len(questions))
        tiles = iter(range(opening, size, tile))

        def work() -> None:
            for start in tiles:  # shared: whoever is free takes the next
                look.visit(start, min(start + tile, size))

        self._together(work, min(self._threads, -(-(size - opening) // _LARGEST)))
        return look.candidates()

    def _scores(self, rows: Rows, question: Floats) -> Scores:
        if len(rows) < _MANY:
            return scores_of(self._matrix, rows, question)
        parts = np.array_split(rows, self._threads)
        scored = self._pool.map(lambda part: scores_of(self._matrix, part, question), parts)
        return np.concatenate(list(scored))

    def _seen_by(self, questions: Floats) -> RoughScores | None:
        if self._rough is None or self._products is None:
            return None
        return RoughScores(self._rough, questions, self._products)

    def _first_tile(self, wanted: Sequence[SearchSpec]) -> int:
        """The number of rows in the first tile; after it there are whole blocks."""
        size = len(self._matrix)
        if size <= 2 * self._opening:
            return size  # looking in two ways would cost more
        alone = self._opening // 4
        rows = alone if len(wanted) == 1 else self._opening
        most = max(want.top_k for want in wanted)
        rows = max(rows, most * self._opening * _OPENING_PER_ROW_KEPT // _OPENING)
        return min(size, size % BLOCK + _whole_blocks(rows)) or BLOCK

    def _tile(self, rows: int, questions: int) -> int:
        """The number of rows in a tile: as many as fit, with as many tiles for one thread as for another."""
        most = min(_LARGEST, max(_SMALLEST, _PRODUCTS // questions))
        turns = max(1, -(-rows // (most * self._threads)))
        return max(_SMALLEST, _whole_blocks(-(-rows // (turns * self._threads))))

    def _together(self, work: Callable[[], None], threads: int) -> None:
        """Here and in the pool, until it is done everywhere."""
        others = [self._pool.submit(work) for _ in range(threads - 1)]
        try:
            work()
        finally:
            for other in others:
                other.result()


def _whole_blocks(rows: int) -> int:
    """So many rows, and as many more as make the last block whole."""
    return -(-rows // BLOCK) * BLOCK
