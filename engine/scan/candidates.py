"""One pass over the rows for all questions that wait, tile by tile.

A question starts with whole float32 rows. Once enough is known of it to leave nearly
every row out, its tiles are looked at in int8, and only the rows whose bound reaches its
cut are kept. Where more than one row in 32 would be kept (a low threshold, a crowd just
below it), scoring them one by one would cost more than reading the tile, so the question
goes back to whole rows, tile by tile, and returns when the crowd has passed.

What is kept is a promise: every row that may be at or above the threshold or among the
best that are wanted, with bounds of its score. Which rows are kept depends on tiles and
threads; the answer made from them (`engine.scan.ranking`) does not.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from threading import Lock

import numpy as np
from numpy.typing import NDArray

from engine.scan.compressed import Compressed, CompressedQuestions, slack_of
from engine.scan.products import Int8Products, Products, whole_products
from engine.scan.ranking import Candidates, Wanted
from engine.scan.score import Floats, Rows, Scores, rounding_bound

Columns = NDArray[np.intp]

_UNIT = 2.0**-24
_CROWDED = 32  # more than one row in so many: read whole rows
_CALM = 48  # fewer than one in so many: back to int8


class Pass:
    """What is known of each question so far. Tiles may be looked at by several threads."""

    def __init__(
        self,
        matrix: Floats,
        compressed: Compressed | None,
        products: Int8Products | None,
        questions: Floats,
        wanted: Sequence[Wanted],
    ) -> None:
        self._matrix = matrix
        self._compressed = compressed
        self._products = products
        self._questions = questions
        self._lock = Lock()
        lengths = np.sqrt(np.vecdot(questions.astype(np.float64), questions.astype(np.float64)))
        self._bounds = np.array([rounding_bound(matrix.shape[1], length) for length in lengths])
        self._thresholds = np.array([want.before_cutting for want in wanted])
        self._keep = [want.keep for want in wanted]
        self._first = [None if want.first is None else max(want.first, want.keep) for want in wanted]
        # No row below `_cuts` matters. Of those at or above the threshold, none below
        # `_wanted_from` has to be kept: it is counted, and better ones are wanted.
        self._best = np.array([-math.inf if want.keep else math.inf for want in wanted])
        self._wanted_from = np.array([math.inf if first == 0 else -math.inf for first in self._first])
        self._plain = np.ones(len(questions), dtype=bool)
        self._counted = np.zeros(len(questions), dtype=np.int64)
        self._kept: list[tuple[Columns, Rows, Scores, Scores]] = []
        self._seen = 0
        self._look_again_at = 1
        self._ready: dict[bytes, Products] = {}
        self._compressed_questions = CompressedQuestions.of(questions) if compressed and products else None

    def look_at(self, start: int, stop: int) -> None:
        """Keep what may matter of these rows."""
        plain = self._plain.copy()
        if self._compressed_questions is not None and not plain.all():
            crowded = self._look_at_compressed(start, stop, np.flatnonzero(~plain))
            plain[crowded] = True
        if plain.any():
            self._look_at_whole_rows(start, stop, np.flatnonzero(plain))
        with self._lock:
            self._seen += stop - start
            if self._seen >= self._look_again_at:
                self._look_again_at = 2 * self._seen
                self._raise_the_cuts()

    def candidates(self) -> list[Candidates]:
        """For each question, after all tiles."""
        _, rows, lowest, highest = self._gathered()
        ends = self._ends
        return [
            Candidates(rows[a:b], lowest[a:b], highest[a:b], int(counted))
            for a, b, counted in zip(ends[:-1], ends[1:], self._counted, strict=True)
        ]

    @property
    def _cuts(self) -> Scores:
        return np.asarray(np.minimum(self._thresholds, self._best))

    def _look_at_compressed(self, start: int, stop: int, columns: Columns) -> Columns:
        """Keep what may matter to these questions; returns those for which it is too much."""
        copy, questions = self._compressed, self._compressed_questions
        if copy is None or questions is None:
            raise AssertionError("a compressed pass without a compressed copy; this is a bug")
        found = self._products_of(columns)(copy.rows[start:stop])
        cuts = self._cuts[columns]
        steps = copy.steps[start:stop]
        lengths, residuals = copy.lengths[start:stop], copy.residuals[start:stop]

        # One bound for the whole tile, then for each of the few its own.
        slack = slack_of(lengths.max(), residuals.max(), questions, columns)
        rounding = 32 * _UNIT * (1 + np.abs(np.where(np.isfinite(cuts), cuts, 0)))
        reach = ((cuts - slack - rounding) / questions.steps[columns]).astype(np.float32)
        passing = np.flatnonzero(found >= (1 / steps)[:, None] * reach)
        if not len(passing):
            return columns[:0]
        row, column = np.divmod(passing, len(columns))
        crowded = np.bincount(column, minlength=len(columns)) > max(16, (stop - start) // _CROWDED)
        if crowded.any():
            calm = ~crowded[column]
            row, column = row[calm], column[calm]
        rough = (found[row, column] * steps[row] * questions.steps[columns[column]]).astype(np.float64)
        slack = slack_of(lengths[row], residuals[row], questions, columns[column])
        reaching = rough + slack >= cuts[column]
        row, column, rough, slack = row[reaching], column[reaching], rough[reaching], slack[reaching]
        with self._lock:
            self._kept.append((columns[column], row + start, rough - slack, rough + slack))
            self._plain[columns[crowded]] = True
        return columns[crowded]

    def _products_of(self, columns: Columns) -> Products:
        key = columns.tobytes()
        if key not in self._ready:
            if self._products is None or self._compressed_questions is None:
                raise AssertionError("a compressed pass without a kernel; this is a bug")
            self._ready[key] = self._products(self._compressed_questions.rows[columns])
        return self._ready[key]

    def _look_at_whole_rows(self, start: int, stop: int, columns: Columns) -> None:
        found = whole_products(self._matrix[start:stop], self._questions[columns])
        cuts = self._cuts
        for column, products in zip(columns.tolist(), found, strict=True):
            bound = float(self._bounds[column])
            threshold, cut = float(self._thresholds[column]), float(cuts[column])
            wanted_from = max(cut, float(self._wanted_from[column]))
            keep = products >= wanted_from - bound
            counted = 0
            if wanted_from > cut:
                surely = products >= threshold + bound
                keep |= (products >= threshold - bound) & ~surely
                counted = int(np.count_nonzero(surely & ~keep))
            rows = np.flatnonzero(keep)
            rough = products[rows].astype(np.float64)
            with self._lock:
                self._kept.append((np.full(len(rows), column), rows + start, rough - bound, rough + bound))
                self._counted[column] += counted
                self._plain[column] = not self._is_calm(column, start, stop, products, cut)

    def _is_calm(self, column: int, start: int, stop: int, products: Floats, cut: float) -> bool:
        copy, questions = self._compressed, self._compressed_questions
        if copy is None or questions is None:
            return False
        lengths, residuals = copy.lengths[start:stop].max(), copy.residuals[start:stop].max()
        slack = float(slack_of(lengths, residuals, questions, slice(column, column + 1))[0])
        return int(np.count_nonzero(products >= cut - slack)) <= max(16, (stop - start) // _CALM)

    def _raise_the_cuts(self) -> None:
        """With the lock held: use the best rows so far to leave out more of the rest."""
        limited = any(first is not None for first in self._first)
        if not limited and (self._best >= self._thresholds).all():
            return
        columns, rows, lowest, highest = self._gathered()
        for column, (a, b) in enumerate(zip(self._ends[:-1], self._ends[1:], strict=True)):
            keep, first = self._keep[column], self._first[column]
            if keep:
                self._best[column] = _nth_best(lowest[a:b], keep)
            if first:
                self._wanted_from[column] = _nth_best(lowest[a:b], first)
        alive = highest >= self._cuts[columns]
        self._kept = [(columns[alive], rows[alive], lowest[alive], highest[alive])]

    def _gathered(self) -> tuple[Columns, Rows, Scores, Scores]:
        """All that was kept, question by question; `_ends` says where each one ends."""
        if not self._kept:
            self._kept = [(np.empty(0, np.intp), np.empty(0, np.int64), np.empty(0), np.empty(0))]
        columns, rows, lowest, highest = (np.concatenate(part) for part in zip(*self._kept, strict=True))
        if len(self._questions) > 1:
            order = np.argsort(columns, kind="stable")
            columns, rows, lowest, highest = columns[order], rows[order], lowest[order], highest[order]
        self._ends = np.searchsorted(columns, np.arange(len(self._questions) + 1)).tolist()
        return columns, rows, lowest, highest


def _nth_best(lowest: Scores, place: int) -> float:
    """So much the best `place` rows have at least; scores are cut at -1 and 1, so no bound is beyond."""
    if len(lowest) < place:
        return -math.inf
    found = float(np.partition(lowest, len(lowest) - place)[len(lowest) - place])
    return min(1.0, found) if found > -1 else -math.inf
