"""A copy of the matrix in a quarter of the bytes, and how far each row of it can mislead.

Row x is kept as x = a X + r: X are whole numbers from -127 to 127, a is the row's own
step, r is what is left over. `residuals` are at least |r|. What that is good for:
`engine.index.scan.int8_bounds`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from engine.index.scan.dot_products import Int8
from engine.index.score import LONGEST, Floats

_PIECE = 2048  # rows compressed at a time: 4 MB of floats at 512 dimensions
_UNIT = 2.0**-24  # of rounding in single precision
_LEVELS = 127
_SMALLEST_STEP = 1e-15
_WIDEST = 2**31 // (_LEVELS + 1) ** 2  # more dimensions could overflow the sum of products


@dataclass(frozen=True)
class Compressed:
    """An int8 row for each row of a matrix, with its step and residual.

    Make one with `of`, keep it with `arrays`, and get it back with `from_arrays`.
    """

    rows: Int8
    steps: Floats
    residuals: Floats

    @classmethod
    def of(cls, matrix: Floats, *, threads: int = 2) -> Compressed:
        """Compress piece by piece: a few megabytes beside the result, whatever the size.

        Raises:
            ValueError: a row is not finite or longer than 1.01.
        """
        size, dimension = matrix.shape
        if dimension >= _WIDEST:
            raise ValueError(f"{dimension} dimensions, at most {_WIDEST - 1} can be compressed")
        steps, residuals = (np.empty(size, dtype=np.float32) for _ in range(2))
        made = cls(np.empty(matrix.shape, dtype=np.int8), steps, residuals)
        with ThreadPoolExecutor(threads) as pool:
            for _ in pool.map(lambda piece: _compress(matrix, made, piece), _pieces(size)):
                pass
        return made

    def updated_from(self, rows_before: NDArray[np.intp], matrix: Floats) -> Compressed:
        """The copy of another matrix, whose rows stood here before, or are new where that is -1."""
        made = Compressed(
            np.empty(matrix.shape, np.int8), *(np.empty(len(matrix), np.float32) for _ in range(2))
        )
        for piece in _pieces(len(matrix)):
            rows = rows_before[piece]
            old, new = np.flatnonzero(rows >= 0), np.flatnonzero(rows < 0)
            for into, held in zip(made.parts, self.parts, strict=True):
                into[piece][old] = held[rows[old]]
            if len(new):
                for into, part in zip(made.parts, split(matrix[piece][new]), strict=True):
                    into[piece][new] = part
        return made

    def arrays(self) -> dict[str, NDArray[np.generic]]:
        """The arrays to be stored, by name."""
        return {
            "int8_rows": self.rows,
            "int8_steps": self.steps,
            "int8_residuals": self.residuals,
        }

    @classmethod
    def from_arrays(cls, arrays: Mapping[str, NDArray[np.generic]], shape: tuple[int, int]) -> Compressed:
        """The copy of a matrix of this shape, from what `arrays` gave; memory maps are fine.

        Raises:
            ValueError: something is missing or does not fit. Whether the values belong to
                the matrix is for the owner's checksums to say.
        """
        wanted = {
            "int8_rows": (np.int8, shape),
            "int8_steps": (np.float32, shape[:1]),
            "int8_residuals": (np.float32, shape[:1]),
        }
        for name, (kind, size) in wanted.items():
            if name not in arrays:
                raise ValueError(f"the compressed copy has no {name}")
            found = arrays[name]
            if found.dtype != kind or found.shape != size or not found.flags.c_contiguous:
                raise ValueError(
                    f"{name} is {found.dtype} of shape {found.shape}, wanted {np.dtype(kind)} of shape {size}"
                )
        return cls(*(arrays[name] for name in wanted))  # type: ignore[arg-type]  # checked above

    @property
    def parts(self) -> tuple[NDArray[Any], ...]:
        return self.rows, self.steps, self.residuals

    @property
    def nbytes(self) -> int:
        return self.rows.nbytes + self.steps.nbytes + self.residuals.nbytes


def split(block: Floats) -> tuple[Int8, Floats, Floats]:
    """Whole numbers, steps and residuals of these rows."""
    rows = np.empty(block.shape, dtype=np.int8)
    steps, residuals = (np.empty(len(block), dtype=np.float32) for _ in range(2))
    _split(block, rows, steps, residuals)
    return rows, steps, residuals


def length(block: Floats) -> Floats:
    """An upper bound of each row's length: rounding of the sum and underflow of squares are paid."""
    squares = np.vecdot(block, block)
    steps = (block.shape[1] + 8) * _UNIT
    return np.asarray(np.sqrt(squares) * np.float32(1 + steps) + np.float32(1e-15), dtype=np.float32)


def _pieces(size: int) -> Iterator[slice]:
    for start in range(0, size, _PIECE):
        yield slice(start, min(start + _PIECE, size))


def _compress(matrix: Floats, made: Compressed, piece: slice) -> None:
    block = np.ascontiguousarray(matrix[piece])
    longest = float(length(block).max())
    if not longest <= LONGEST * (1 + 1e-4):
        raise ValueError(f"a row of length {longest:.4g}; rows must be finite and of unit length")
    _split(block, made.rows[piece], made.steps[piece], made.residuals[piece])


def _split(block: Floats, rows: Int8, steps: Floats, residuals: Floats) -> None:
    """Write block = steps * rows + what is left, and the length of what is left, rounded up.

    Single precision computes what is left with an error of at most a unit of `steps *
    rows` and of itself, number by number, so its true length is at most the computed one
    plus a unit of the length of `steps * rows`; `length` rounds up its own share.
    """
    np.divide(np.maximum(block.max(axis=1), -block.min(axis=1)), _LEVELS, out=steps)
    # A row of zeros, or one so small that dividing by two steps could overflow, is all residual.
    steps[steps < _SMALLEST_STEP] = 1
    whole = np.rint(block / steps[:, None])
    np.clip(whole, -_LEVELS, _LEVELS, out=whole)
    rows[...] = whole
    whole *= steps[:, None]
    rounding = 4 * _UNIT * length(whole)
    np.subtract(block, whole, out=whole)
    residuals[...] = length(whole) + rounding
