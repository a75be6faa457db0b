"""One pass over the rows for all questions that wait, tile by tile.

The first tile is read in full, which tells for each question how good the best rows
are at least. Then each tile is looked at in int8, and only the rows whose bound reaches
the question's cut are kept. Where that would be too many (a low threshold, a crowd just
below it), scoring them one by one would cost more than reading the tile, so this question
reads this tile in full.

What is kept is a promise: every row that may be at or above the threshold or among the
best that are wanted, with bounds of its score. Which rows are kept depends on tiles and
threads; the answer made from them (`engine.index.scan.ranking`) does not.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from threading import Lock

import numpy as np
from numpy.typing import NDArray

from engine.index.protocol import SearchSpec
from engine.index.scan.dot_products import whole_products
from engine.index.scan.int8_bounds import RoughScores
from engine.index.scan.ranking import BoundedRows, Candidates, Cutoffs
from engine.index.score import (
    Columns,
    Floats,
    Rows,
    Scores,
    rounding_bound,
)

_NONE_SO_FAR = BoundedRows(np.empty(0, np.intp), np.empty(0, np.int64), np.empty(0), np.empty(0))
_ALL = 2**62
Places = NDArray[np.int64]


class TilePass:
    """The state of each question within one pass over the tiles.

    The first tile is to be looked at alone, all others may be by several threads.
    """

    def __init__(
        self, matrix: Floats, rough: RoughScores | None, questions: Floats, wanted: Sequence[SearchSpec]
    ) -> None:
        self._matrix = matrix
        self._rough = rough
        self._questions = questions
        lengths = np.sqrt(np.vecdot(questions.astype(np.float64), questions.astype(np.float64)))
        self._bounds = np.array([rounding_bound(matrix.shape[1], length) for length in lengths])
        self._thresholds = np.array([want.before_cutting for want in wanted])
        self._keep = np.array([want.top_k for want in wanted])
        self._first = np.array(
            [_ALL if want.limit is None else max(want.limit, want.top_k) for want in wanted]
        )
        self._floors = np.array([want.floor if want.floor > -1 else -math.inf for want in wanted])
        self._best = self._floors
        self._wanted_from = np.full(len(questions), -math.inf)
        self._counted = np.zeros(len(questions), dtype=np.int64)
        self._kept = [_NONE_SO_FAR]
        self._seen = 0
        self._look_again_at = 1
        self._lock = Lock()

    def visit(self, start: int, stop: int) -> None:
        """Keep what may matter of these rows."""
        found, columns = [], np.arange(len(self._questions))
        if self._rough and self._seen:
            kept, counted, columns = self._rough.visit(start, stop, self._limits)
            found.append((kept, counted))
        if len(columns):
            found.append(self._look_at_whole_rows(start, stop, columns))
        with self._lock:
            for kept, counted in found:
                self._kept.append(kept)
                self._counted += counted
            self._seen += stop - start
            if self._look_again_at <= self._seen < len(self._matrix):
                self._look_again_at = 2 * self._seen
                self._look_again()

    def candidates(self) -> list[Candidates]:
        """The candidates of each question, after all tiles."""
        kept, ends = self._in_order()
        return [
            Candidates(kept.rows[a:b], kept.lowest[a:b], kept.highest[a:b], int(counted))
            for a, b, counted in zip(ends[:-1].tolist(), ends[1:].tolist(), self._counted, strict=True)
        ]

    @property
    def _limits(self) -> Cutoffs:
        return Cutoffs(self._thresholds, np.minimum(self._thresholds, self._best), self._wanted_from)

    def _look_at_whole_rows(self, start: int, stop: int, columns: Columns) -> tuple[BoundedRows, Rows]:
        found = whole_products(self._matrix[start:stop], self._questions[columns])
        bounds = self._bounds[columns]
        if not self._seen:
            ordered = np.sort(found, axis=1)[:, ::-1] - bounds[:, None]
            self._raise_the_cuts(ordered.reshape(-1), np.arange(len(columns) + 1) * (stop - start))
        limits, bound = self._limits, bounds[:, None]
        thresholds, cuts, wanted_from = (
            limit[columns, None] for limit in (limits.thresholds, limits.cuts, limits.wanted_from)
        )
        surely = found >= _single(thresholds + bound)
        surely &= found < _single(wanted_from - bound)
        keep = found >= _single(cuts - bound)
        column, rows = np.divmod(np.flatnonzero(keep & ~surely), stop - start)
        rough, off = found[column, rows].astype(np.float64), bounds[column]
        counted = np.zeros(len(self._counted), dtype=np.int64)
        counted[columns] = np.count_nonzero(surely, axis=1)
        return BoundedRows(columns[column], rows + start, rough - off, rough + off), counted

    def _look_again(self) -> None:
        """Raise the cuts by the best rows so far, to leave out more of the rest. The lock is held."""
        if (self._first == _ALL).all() and (self._best >= self._thresholds).all():
            return
        kept, ends = self._in_order()
        self._raise_the_cuts(kept.lowest, ends)
        self._kept = [kept.where(kept.highest >= self._limits.cuts[kept.columns])]

    def _raise_the_cuts(self, lowest: Scores, ends: Places) -> None:
        """Raise the cuts by the lower bounds of rows, given question by question, the best first."""
        self._best = np.maximum(_at_place(self._keep, lowest, ends), self._floors)
        self._wanted_from = _at_place(self._first, lowest, ends)

    def _in_order(self) -> tuple[BoundedRows, Places]:
        """All that was kept, question by question, the best first; and where each question ends."""
        kept = BoundedRows.together(self._kept)
        kept = kept.where(np.lexsort((-kept.lowest, kept.columns)))
        return kept, np.searchsorted(kept.columns, np.arange(len(self._questions) + 1))


def _at_place(places: Places, lowest: Scores, ends: Places) -> Scores:
    """So much the best `places` rows of each question have at least.

    Scores are cut at -1 and 1, so no bound is beyond.
    """
    last = ends[:-1] + places - 1
    known = (places > 0) & (last < ends[1:])
    found = np.full(len(places), -math.inf)
    found[known] = np.minimum(lowest[last[known]], 1.0)
    found[found <= -1] = -math.inf
    found[places == 0] = math.inf
    return found


def _single(values: Scores) -> Floats:
    """The cuts in float32, as the products beside them; `rounding_bound` has paid for it."""
    return values.astype(np.float32)
