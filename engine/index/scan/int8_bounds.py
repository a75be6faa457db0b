"""Bounds of scores from int8 rows and int8 questions: the rows that may reach a cut.

A question is split as the rows are (`engine.index.scan.int8_copy`): row x = a X + r, question
q = b Y + e, so

    x.q  =  a b (X.Y) + a X.e + r.q

X.Y is a sum of whole numbers and exact. By Cauchy and Schwarz the other two are at most
|aX| |e| + |r| |q|, and |aX| <= |x| + |r|. With `slack` for that sum, a row can reach a
cut c only if

    a b (X.Y) + slack  >=  c

Rows are looked at in blocks first: with the largest slack of a block, and its widest step
if c - slack is positive, its narrowest if not, (c - slack) / (a b) is the least that X.Y
has to be in any row of the block. That takes one comparison of whole numbers for each
product. The few that pass are looked at with their own step and slack.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from engine.index.scan.dot_products import Int8Products, Int32
from engine.index.scan.int8_copy import Compressed, length, split
from engine.index.scan.ranking import BoundedRows, Cutoffs
from engine.index.score import (
    LONGEST,
    Columns,
    Floats,
    Rows,
    Scores,
)

BLOCK = 256
"""Rows; one that stands out spoils the first look for no more than these."""

# A question is crowded in a tile where more than one row in so many passes the first look, or is
# to be kept after the second: reading all its rows in full costs less then. Several questions
# share that reading (measured; matters for speed alone).
_CROWDED_ALONE = 1, 8
_CROWDED = 4, 32
_FEW = 16
_WIDEST_INT32 = 2**31 - 1
_SIDE_BY_SIDE = 512  # products compared in one go; with fewer, numpy is slow


@dataclass(frozen=True)
class RoughRows:
    """The rows of a compressed copy, and what holds for the rows of each block.

    The first rows are in no block if those after them make whole blocks.
    """

    copy: Compressed
    widest: Floats
    narrowest: Floats
    residuals: Floats

    @classmethod
    def of(cls, copy: Compressed) -> RoughRows:
        head = len(copy.rows) % BLOCK
        steps, residuals = (part[head:].reshape(-1, BLOCK) for part in (copy.steps, copy.residuals))
        return cls(copy, steps.max(axis=1), steps.min(axis=1), residuals.max(axis=1))


class RoughScores:
    """Rows of a compressed copy seen by some questions."""

    def __init__(self, seen: RoughRows, questions: Floats, products: Int8Products) -> None:
        self._seen = seen
        rows, steps, residuals = split(questions)
        self._products = products(rows)
        self._steps = steps.astype(np.float64)
        self._residuals = residuals.astype(np.float64)
        self._lengths = length(questions).astype(np.float64)
        self._slacks = self._slack(seen.residuals[:, None], slice(None))
        # A power of two, so that a block is a whole number of them.
        self._width = min(BLOCK, 2 ** max(0, (_SIDE_BY_SIDE // len(questions)).bit_length() - 1))

    def visit(self, start: int, stop: int, limits: Cutoffs) -> tuple[BoundedRows, Rows, Columns]:
        """The rows to keep of these blocks, how many to count, and the questions with too much to keep.

        Of those nothing is kept or counted.
        """
        copy = self._seen.copy
        products = self._products(copy.rows[start:stop])
        passing = self._passing(products, start, stop, limits.cuts)
        first, second = _CROWDED_ALONE if len(self._steps) == 1 else _CROWDED
        columns = passing % len(self._steps)
        crowded = self._is_crowded(columns, len(products) // first)
        if crowded.any():
            passing = passing[~crowded[columns]]
        rows, columns = np.divmod(passing, len(self._steps))
        rows += start
        rough = products.reshape(-1)[passing] * (copy.steps[rows].astype(np.float64) * self._steps[columns])
        kept, counted = limits.sort_out(columns, rows, rough, self._slack(copy.residuals[rows], columns))
        crowded |= self._is_crowded(kept.columns, len(products) // second)
        if crowded.any():
            kept, counted = kept.where(~crowded[kept.columns]), np.where(crowded, 0, counted)
        return kept, counted, np.flatnonzero(crowded)

    def _is_crowded(self, columns: Columns, most: int) -> NDArray[np.bool_]:
        return np.bincount(columns, minlength=len(self._steps)) > max(_FEW, most)

    def _passing(self, products: Int32, start: int, stop: int, cuts: Scores) -> Columns:
        """Where, counted through all products, X.Y is as much as a row of its block needs.

        Rounded down after a few double-precision operations, which are off by far less
        than the distance from one whole number to the next.
        """
        blocks = slice(start // BLOCK, stop // BLOCK)  # the head is shorter than a block
        wanted = cuts - self._slacks[blocks]
        widest, narrowest = self._seen.widest[blocks, None], self._seen.narrowest[blocks, None]
        least = wanted / (np.where(wanted > 0, widest, narrowest) * self._steps)
        whole = np.floor(np.maximum(np.minimum(least, _WIDEST_INT32), -_WIDEST_INT32)).astype(np.int32)
        beside = np.broadcast_to(whole[:, None], (len(whole), self._width, len(cuts)))
        found = products.reshape(len(whole), BLOCK // self._width, -1)
        return np.flatnonzero(found >= beside.reshape(len(whole), 1, -1))

    def _slack(self, residuals: Floats, columns: Columns | slice) -> Scores:
        """An upper bound of a b (X.Y)'s distance from the score; the last term pays for float64 rounding."""
        row = residuals.astype(np.float64)
        rest = (LONGEST * (1 + 1e-3) + row) * self._residuals[columns]
        return np.asarray(rest + row * self._lengths[columns] + 1e-9)
