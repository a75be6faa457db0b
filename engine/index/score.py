"""The score. There is one computation, and every search ends in it.

The score of a row is the product of the stored single-precision row with the
single-precision question, multiplied and summed in double precision, one row at a time,
and cut to -1...1. So it depends on these two vectors alone: not on which rows are looked
at together, not on how many questions wait, not on the pass that found the row. A score
that was shown can be set as a threshold and finds its row again.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float32]
Scores = NDArray[np.float64]
Rows = NDArray[np.int64]
Columns = NDArray[np.intp]

LONGEST = 1.01
"""No row is longer than this. The bounds of every pass are multiples of it."""

_PIECE = 64  # rows at a time: 64 x 512 doubles stay in a core's own cache


def scores_of(matrix: Floats, rows: Rows, question: Floats) -> Scores:
    """The scores of these rows, in their order."""
    wide = question.astype(np.float64)
    scores = np.empty(len(rows), dtype=np.float64)
    for start in range(0, len(rows), _PIECE):
        piece = matrix[rows[start : start + _PIECE]].astype(np.float64)
        scores[start : start + _PIECE] = np.vecdot(piece, wide)
    return np.clip(scores, -1.0, 1.0, out=scores)


def rounding_bound(dimension: int, length: float) -> float:
    """An upper bound of a float32 product's distance from the score, for a question of this length.

    Summing d products in any order is off by at most d u / (1 - d u) times the sum of the
    absolute products (Higham, Accuracy and Stability of Numerical Algorithms, 3.1), and
    that sum is at most the product of the lengths. The last term pays for writing a
    threshold from -1 to 1, plus or minus this bound, in single precision.
    """
    steps = (dimension + 4) * 2.0**-24
    if steps >= 1:
        return float("inf")
    return steps / (1 - steps) * LONGEST * length + 2.0**-21


def as_questions(questions: Floats, dimension: int) -> Floats:
    """The questions as a C-contiguous matrix, proven finite.

    Raises:
        ValueError: the shape or a value is not one that can be compared.
    """
    rows = np.ascontiguousarray(questions, dtype=np.float32)
    if rows.ndim != 2 or rows.shape[1] != dimension:  # noqa: PLR2004 - rows and columns
        raise ValueError(f"questions of shape {rows.shape}, wanted (any number, {dimension})")
    if not np.isfinite(rows).all():
        raise ValueError("a question has a value that is not finite")
    return rows
