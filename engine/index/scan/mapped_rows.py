"""Rows of a matrix that may be a mapped file: read, and not held in memory for it."""

from __future__ import annotations

import mmap
from typing import Any

import numpy as np
from numpy.typing import NDArray

from engine.index.score import Floats

_PIECE = 16_384  # rows of the matrix at a time: 34 MB of 512 numbers each


def take_rows(matrix: Floats, rows: NDArray[np.intp]) -> Floats:
    """A matrix of these rows. With each the system maps its neighbours; they are let go on the way, too."""
    if len(rows) and rows[-1] - rows[0] < 2 * _PIECE and (np.diff(rows) > 0).all():
        near = matrix[rows]  # as a refresh takes over what has not changed: nothing to sort
        release_pages(matrix)
        return near
    taken = np.empty((len(rows), matrix.shape[1]), dtype=np.float32)
    order = np.argsort(rows, kind="stable")
    ascending = rows[order]
    first = 0
    while first < len(rows):
        last = np.searchsorted(ascending, (ascending[first] // _PIECE + 1) * _PIECE)
        taken[order[first:last]] = matrix[ascending[first:last]]
        release_pages(matrix)
        first = int(last)
    return taken


def release_pages(array: NDArray[Any]) -> None:
    """Give the memory of a mapped array back to the system; what is looked at again is read again."""
    below: Any = array
    while isinstance(below, np.ndarray) and below.base is not None:
        below = below.base
    content = below.obj if isinstance(below, memoryview) else below
    if isinstance(content, mmap.mmap) and hasattr(mmap, "MADV_DONTNEED"):  # not on Windows
        content.madvise(mmap.MADV_DONTNEED)
