"""Products of rows and questions: int8 by numkong where it is installed, float32 by numpy.

numkong (Apache-2.0, no dependencies of its own) picks the widest instructions the
processor has at run time and lets other threads run meanwhile. Of the libraries
measured it alone reads int8 rows at the speed of memory without torch;
`benchmarks/search.md` has the figures.
"""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module

import numpy as np
from numpy.typing import NDArray

from engine.index.score import Floats

Int8 = NDArray[np.int8]
Int32 = NDArray[np.int32]
Products = Callable[[Int8], Int32]
"""Rows in, products out, exact: a row for each row, a column for each question."""

Int8Products = Callable[[Int8], Products]
"""Made ready for these questions once, then used for many tiles of rows."""

_MATRIX_UNITS = ("sapphireamx", "graniteamx", "sme", "sme2")

# OpenBLAS, below numpy, multiplies in the calling thread up to this many products of
# numbers. Above it uses threads of its own, which get in the way of ours and on a busy
# machine wait for each other: many times slower, measured.
_IN_THIS_THREAD = 2**18
_ONE_BY_ONE = 6  # questions; with more, a matrix product of a few rows at a time is faster
_BLOCK = 256  # rows that stay in a core's own cache for all questions


def int8_products() -> Int8Products | None:
    """The fastest there is on this machine, or None without the library."""
    try:
        numkong = import_module("numkong")
    except ImportError:
        return None
    # Sixteen questions cost a matrix unit what one costs. Without one, a question alone is
    # faster row by row than packed for others that are not there (both measured).
    has_matrix_unit = any(numkong.get_capabilities().get(name) for name in _MATRIX_UNITS)

    def one(question: Int8) -> Products:
        def products(rows: Int8) -> Int32:
            # Exact, and many times faster than with whole numbers given out.
            found = numkong.cdist(rows, question, "dot", out_dtype="float64")
            return np.asarray(found).astype(np.int32)

        return products

    def several(questions: Int8) -> Products:
        packed = numkong.dots_pack(questions, dtype="int8")
        return lambda rows: np.asarray(numkong.dots_packed(rows, packed))

    return lambda questions: several(questions) if has_matrix_unit or len(questions) > 1 else one(questions)


def whole_products(rows: Floats, questions: Floats) -> Floats:
    """The products in single precision: a row for each question, a column for each row."""
    found = np.empty((len(questions), len(rows)), dtype=np.float32)
    done = 0
    if len(questions) > _ONE_BY_ONE:
        height = max(4, _IN_THIS_THREAD // questions.size)
        done = len(rows) // height * height
        stack = rows[:done].reshape(-1, height, rows.shape[1])
        found[:, :done] = np.matmul(stack, questions.T).reshape(done, len(questions)).T
    for start in range(done, len(rows), _BLOCK):
        block = rows[start : start + _BLOCK]
        for line, question in zip(found, questions, strict=True):
            np.vecdot(block, question, out=line[start : start + _BLOCK])
    return found
