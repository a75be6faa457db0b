"""Top-k selection from rows with bounds of their scores: only the few that may win are scored exactly."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from engine.index.protocol import SearchSpec, TopRows
from engine.index.score import Columns, Rows, Scores


@dataclass(frozen=True, slots=True)
class BoundedRows:
    """Rows that may matter to a question, with bounds of their scores; `columns` say which question."""

    columns: Columns
    rows: Rows
    lowest: Scores
    highest: Scores

    @classmethod
    def together(cls, parts: Sequence[BoundedRows]) -> BoundedRows:
        columns, rows, lowest, highest = zip(
            *((part.columns, part.rows, part.lowest, part.highest) for part in parts), strict=True
        )
        return cls(*(np.concatenate(arrays) for arrays in (columns, rows, lowest, highest)))

    def where(self, which: NDArray[np.bool_] | NDArray[np.intp]) -> BoundedRows:
        return BoundedRows(self.columns[which], self.rows[which], self.lowest[which], self.highest[which])


@dataclass(frozen=True, slots=True)
class Cutoffs:
    """The cutoffs of each question so far: which rows can still matter to it.

    No row below `cuts` does. Of the rows at or above `thresholds`, none below `wanted_from`
    has to be kept: it is counted, and better ones are wanted.
    """

    thresholds: Scores
    cuts: Scores
    wanted_from: Scores

    def sort_out(
        self, columns: Columns, rows: Rows, rough: Scores, slack: Scores
    ) -> tuple[BoundedRows, Rows]:
        """Split rows, known but for `slack`: those to keep, and the number of sure hits for each question."""
        found = BoundedRows(columns, rows, rough - slack, rough + slack)
        counted = found.lowest >= self.thresholds[columns]
        counted &= found.highest < self.wanted_from[columns]
        kept = found.where((found.highest >= self.cuts[columns]) & ~counted)
        return kept, np.bincount(columns[counted], minlength=len(self.cuts))


@dataclass(frozen=True, slots=True)
class Candidates:
    """Rows that may matter to one question, with bounds of their scores.

    `counted` more rows are surely at or above the threshold and surely not wanted.
    """

    rows: Rows
    lowest: Scores
    highest: Scores
    counted: int


def rank(wanted: SearchSpec, size: int, candidates: Candidates, score: Callable[[Rows], Scores]) -> TopRows:
    """The answer; only rows whose bounds leave something open are scored.

    Whoever gathers the candidates promises: a row is among them if its highest possible
    score reaches the threshold or the `keep` best, unless it is `counted`; and then it is
    not one of the best `wanted.length`.
    """
    threshold = wanted.threshold
    rows = candidates.rows
    # Scores are cut to -1...1, so their bounds may be: what ties there is told apart by row.
    lowest, highest = np.minimum(candidates.lowest, 1), np.maximum(candidates.highest, -1)
    surely = lowest >= threshold
    near = rows[~surely & (highest >= threshold)]
    total = candidates.counted + int(np.count_nonzero(surely))
    if len(near):
        total += int(np.count_nonzero(score(near) >= threshold))
    exact_rows = np.array(sorted(set(wanted.exact_rows)), dtype=np.int64)
    if len(exact_rows) and threshold <= 1:
        total += int(np.count_nonzero(score(exact_rows) < threshold))

    length = wanted.length(total, size)
    if length == 0:
        return TopRows(total, np.empty(0, dtype=np.int64), np.empty(0))
    if len(rows) > length:
        last = np.partition(lowest, len(rows) - length)[len(rows) - length]
        rows = rows[highest >= last]
    if len(exact_rows):
        rows = np.concatenate([np.setdiff1d(rows, exact_rows), exact_rows])
    scores = score(rows)
    scores[len(rows) - len(exact_rows) :] = 1.0
    order = np.lexsort((rows, -scores))[:length]
    return TopRows(total, rows[order], scores[order])
