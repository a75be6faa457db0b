"""One pass over the rows for all questions that wait, tile by tile.

The first tile is read in full, which tells for each question how good the best rows
are at least. Then each tile is looked at in int8, and only the rows whose bound reaches
the question's cut are kept. Where that would be too many (a low threshold, a crowd just
below it), scoring them one by one would cost more than reading the tile, so this question
reads this tile in full.

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

from engine.scan.products import whole_products
from engine.scan.ranking import Bounded, Candidates, Wanted
from engine.scan.rough import RoughScores
from engine.scan.score import Columns, Floats, Scores, rounding_bound

_NONE_SO_FAR = Bounded(np.empty(0, np.intp), np.empty(0, np.int64), np.empty(0), np.empty(0))
_ALL = 2**62
Places = NDArray[np.int64]


class Pass:
    """What is known of each question so far.

    The first tile is to be looked at alone, all others may be by several threads.
    """

    def __init__(
        self, matrix: Floats, rough: RoughScores | None, questions: Floats, wanted: Sequence[Wanted]
    ) -> None:
        self._matrix = matrix
        self._rough = rough
        self._questions = questions
        lengths = np.sqrt(np.vecdot(questions.astype(np.float64), questions.astype(np.float64)))
        self._bounds = np.array([rounding_bound(matrix.shape[1], length) for length in lengths])
        self._thresholds = np.array([want.before_cutting for want in wanted])
        self._keep = np.array([want.keep for want in wanted])
        self._first = np.array(
            [_ALL if want.first is None else max(want.first, want.keep) for want in wanted]
        )
        # No row below `_best` or the threshold matters. Of those at or above the threshold, none
        # below `_wanted_from` has to be kept: it is counted, and better ones are wanted.
        self._best = np.where(self._keep, -math.inf, math.inf)
        self._wanted_from = np.where(self._first, -math.inf, math.inf)
        self._counted = np.zeros(len(questions), dtype=np.int64)
        self._kept = [_NONE_SO_FAR]
        self._seen = 0
        self._look_again_at = 1
        self._lock = Lock()

    def look_at(self, start: int, stop: int) -> None:
        """Keep what may matter of these rows."""
        found, columns = _NONE_SO_FAR, np.arange(len(self._questions))
        if self._rough and self._seen:
            found, columns = self._rough.reaching(start, stop, self._cuts)
        if len(columns):
            self._look_at_whole_rows(start, stop, columns)
        with self._lock:
            self._kept.append(found)
            self._seen += stop - start
            if self._seen >= self._look_again_at:
                self._look_again_at = 2 * self._seen
                self._look_again()

    def candidates(self) -> list[Candidates]:
        """For each question, after all tiles."""
        kept, ends = self._in_order()
        return [
            Candidates(kept.rows[a:b], kept.lowest[a:b], kept.highest[a:b], int(counted))
            for a, b, counted in zip(ends[:-1].tolist(), ends[1:].tolist(), self._counted, strict=True)
        ]

    @property
    def _cuts(self) -> Scores:
        return np.asarray(np.minimum(self._thresholds, self._best))

    def _look_at_whole_rows(self, start: int, stop: int, columns: Columns) -> None:
        found = whole_products(self._matrix[start:stop], self._questions[columns])
        bounds, thresholds = self._bounds[columns], self._thresholds[columns]
        if not self._seen:
            ordered = np.sort(found, axis=1)[:, ::-1] - bounds[:, None]
            self._raise_the_cuts(ordered.reshape(-1), np.arange(len(columns) + 1) * (stop - start))
        cuts = self._cuts[columns]
        wanted_from = np.maximum(cuts, self._wanted_from[columns])
        keep = found >= _single(wanted_from - bounds)
        counted = np.zeros(len(columns), dtype=np.int64)
        if (wanted_from > cuts).any():
            surely = found >= _single(thresholds + bounds)
            keep |= (found >= _single(thresholds - bounds)) & ~surely
            counted = np.count_nonzero(surely & ~keep, axis=1)
        column, row = np.divmod(np.flatnonzero(keep), stop - start)
        rough, bound = found[column, row].astype(np.float64), bounds[column]
        with self._lock:
            self._kept.append(Bounded(columns[column], row + start, rough - bound, rough + bound))
            self._counted[columns] += counted

    def _look_again(self) -> None:
        """With the lock held: use the best rows so far to leave out more of the rest."""
        if (self._first == _ALL).all() and (self._best >= self._thresholds).all():
            return
        kept, ends = self._in_order()
        self._raise_the_cuts(kept.lowest, ends)
        self._kept = [kept.where(kept.highest >= self._cuts[kept.columns])]

    def _raise_the_cuts(self, lowest: Scores, ends: Places) -> None:
        """By rows given question by question, the best first."""
        self._best = _at_place(self._keep, lowest, ends)
        self._wanted_from = _at_place(self._first, lowest, ends)

    def _in_order(self) -> tuple[Bounded, Places]:
        """All that was kept, question by question, the best first; and where each question ends."""
        kept = Bounded.together(self._kept)
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
    """A value for each question, beside its products."""
    return values.astype(np.float32)[:, None]
