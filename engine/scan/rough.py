"""Which rows may reach a cut, told from int8 rows and int8 questions.

A question is split as the rows are (`engine.scan.compressed`): row x = a X + r, question
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

import numpy as np

from engine.scan.compressed import Compressed, length, split
from engine.scan.products import Int8Products, Int32
from engine.scan.ranking import Bounded
from engine.scan.score import LONGEST, Columns, Floats, Scores

_BLOCK = 256  # rows; one that stands out spoils the first look for no more than these
# Where more than one row in so many is near, scoring them costs more than reading all in full:
# for one question alone, and for each of several, which share that reading.
_CROWDED_ALONE, _CROWDED = 8, 16
_FEW = 16
_WIDEST_INT32 = 2**31 - 1


class RoughScores:
    """The rows of a compressed copy seen by some questions."""

    def __init__(self, copy: Compressed, questions: Floats, products: Int8Products) -> None:
        self._copy = copy
        rows, steps, residuals = split(questions)
        self._products = products(rows)
        self._steps = steps.astype(np.float64)
        self._residuals = residuals.astype(np.float64)
        self._lengths = length(questions).astype(np.float64)

    def reaching(self, start: int, stop: int, cuts: Scores) -> tuple[Bounded, Columns]:
        """The rows that may reach the cut of a question; and the questions that too many rows reach.

        Of those questions no row is given.
        """
        products = self._products(self._copy.rows[start:stop])
        steps, residuals = self._copy.steps[start:stop], self._copy.residuals[start:stop]
        least = np.repeat(self._least(steps, residuals, cuts), _BLOCK, axis=0)[: len(products)]
        passing = np.flatnonzero(products >= least)
        rows, columns = np.divmod(passing, len(cuts))
        share = _CROWDED_ALONE if len(cuts) == 1 else _CROWDED
        crowded = np.bincount(columns, minlength=len(cuts)) > max(_FEW, len(products) // share)
        if crowded.any():
            calm = ~crowded[columns]
            rows, columns, passing = rows[calm], columns[calm], passing[calm]
        rough = products.reshape(-1)[passing] * (steps[rows].astype(np.float64) * self._steps[columns])
        slack = self._slack(residuals[rows], columns)
        near = rough + slack >= cuts[columns]
        rows, columns, rough, slack = rows[near], columns[near], rough[near], slack[near]
        return Bounded(columns, rows + start, rough - slack, rough + slack), np.flatnonzero(crowded)

    def _least(self, steps: Floats, residuals: Floats, cuts: Scores) -> Int32:
        """For each block and question, what X.Y has to be at least.

        Rounded down after a few double-precision operations, which are off by far less
        than the distance from one whole number to the next.
        """
        blocks = np.arange(0, len(steps), _BLOCK)
        widest, narrowest = np.maximum.reduceat(steps, blocks), np.minimum.reduceat(steps, blocks)
        wanted = cuts - self._slack(np.maximum.reduceat(residuals, blocks)[:, None], slice(None))
        step = np.where(wanted > 0, widest[:, None], narrowest[:, None]) * self._steps
        return np.floor(np.clip(wanted / step, -_WIDEST_INT32, _WIDEST_INT32)).astype(np.int32)

    def _slack(self, residuals: Floats, columns: Columns | slice) -> Scores:
        """How far a b (X.Y) can be from the score; the last term pays for double-precision rounding."""
        row = residuals.astype(np.float64)
        rest = (LONGEST * (1 + 1e-3) + row) * self._residuals[columns]
        return np.asarray(rest + row * self._lengths[columns] + 1e-9)
