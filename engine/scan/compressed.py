"""A copy of the matrix in a quarter of the bytes, and how far it can mislead.

Row x is kept as x = a X + r: X are whole numbers from -127 to 127, a is the row's own
step, r is what is left over. A question is split the same way, q = b Y + e. Then

    x.q = a X.(b Y) + a X.e + r.q
        = a b (X.Y) + a X.e + r.q

X.Y is a sum of whole numbers and exact. By Cauchy and Schwarz the other two are at most
|aX| |e| + |r| |q|, so with `lengths` >= |aX| and `residuals` >= |r|, one of each a row,

    |x.q - a b (X.Y)|  <=  lengths |e| + residuals |q|

A row for which a b (X.Y) plus that bound stays below a threshold cannot reach it, and
no other row is ever left out. What rounding adds is bounded in `slack_of` (reading) and
`_compress` (writing) and always rounded up.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from engine.scan.products import Int8
from engine.scan.score import LONGEST, Floats

_PIECE = 2048  # rows compressed at a time: 4 MB of floats at 512 dimensions
_UNIT = 2.0**-24  # of rounding in single precision
_LEVELS = 127
_SMALLEST_STEP = 1e-15
_WIDEST = 2**31 // (_LEVELS + 1) ** 2  # more dimensions could overflow the sum of products


@dataclass(frozen=True)
class Compressed:
    """An int8 row for each row of a matrix, with its step, residual and length.

    Make one with `of`, keep it with `arrays`, and get it back with `from_arrays`.
    """

    rows: Int8
    steps: Floats
    residuals: Floats
    lengths: Floats

    @classmethod
    def of(cls, matrix: Floats, *, threads: int = 2) -> Compressed:
        """Compress piece by piece: a few megabytes beside the result, whatever the size.

        Raises:
            ValueError: a row is not finite or longer than 1.01.
        """
        size, dimension = matrix.shape
        if dimension >= _WIDEST:
            raise ValueError(f"{dimension} dimensions, at most {_WIDEST - 1} can be compressed")
        steps, residuals, lengths = (np.empty(size, dtype=np.float32) for _ in range(3))
        made = cls(np.empty(matrix.shape, dtype=np.int8), steps, residuals, lengths)
        with ThreadPoolExecutor(threads) as pool:
            for _ in pool.map(lambda piece: _compress(matrix, made, piece), _pieces(size)):
                pass
        return made

    def arrays(self) -> dict[str, NDArray[np.generic]]:
        """What has to be stored, by name."""
        return {
            "int8_rows": self.rows,
            "int8_steps": self.steps,
            "int8_residuals": self.residuals,
            "int8_lengths": self.lengths,
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
            "int8_lengths": (np.float32, shape[:1]),
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
    def nbytes(self) -> int:
        return self.rows.nbytes + self.steps.nbytes + self.residuals.nbytes + self.lengths.nbytes


@dataclass(frozen=True)
class CompressedQuestions:
    """Questions in whole numbers: rows, and for each its step, residual and two lengths."""

    rows: Int8
    steps: Floats
    residuals: Floats
    lengths: Floats
    whole_lengths: Floats
    """Of the questions themselves, not of their compressed rows."""

    @classmethod
    def of(cls, questions: Floats) -> CompressedQuestions:
        rows = np.empty(questions.shape, dtype=np.int8)
        steps, residuals, lengths = (np.empty(len(questions), dtype=np.float32) for _ in range(3))
        _split(questions, rows, steps, residuals, lengths)
        return cls(rows, steps, residuals, lengths, _length(questions))


def slack_of(
    lengths: Floats, residuals: Floats, questions: CompressedQuestions, column: NDArray[np.intp] | slice
) -> Floats:
    """The bound at the head of this module, with the rounding of everything around it.

    Turning X.Y into single precision and multiplying it by two steps is off by less than
    four units of its size, which is at most the product of the compressed lengths; this
    sum and the double-precision score add less than what is rounded up here.
    """
    product = lengths * (questions.residuals[column] + 16 * _UNIT * questions.lengths[column])
    return np.asarray((product + residuals * questions.whole_lengths[column]) * (1 + 16 * _UNIT) + 1e-9)


def _pieces(size: int) -> Iterator[slice]:
    for start in range(0, size, _PIECE):
        yield slice(start, min(start + _PIECE, size))


def _compress(matrix: Floats, made: Compressed, piece: slice) -> None:
    block = np.ascontiguousarray(matrix[piece])
    longest = float(_length(block).max())
    if not longest <= LONGEST * (1 + 1e-4):
        raise ValueError(f"a row of length {longest:.4g}; rows must be finite and of unit length")
    _split(block, made.rows[piece], made.steps[piece], made.residuals[piece], made.lengths[piece])


def _split(block: Floats, rows: Int8, steps: Floats, residuals: Floats, lengths: Floats) -> None:
    """Write block = steps * rows + what is left, and the lengths of both, rounded up.

    Single precision computes what is left with an error of at most a unit of `steps *
    rows` and of itself, number by number, so its true length is at most the computed one
    plus a unit of the length of `steps * rows`; `_length` rounds up its own share.
    """
    np.divide(np.maximum(block.max(axis=1), -block.min(axis=1)), _LEVELS, out=steps)
    # A row of zeros, or one so small that dividing by two steps could overflow, is all residual.
    steps[steps < _SMALLEST_STEP] = 1
    whole = np.rint(block / steps[:, None])
    np.clip(whole, -_LEVELS, _LEVELS, out=whole)
    rows[...] = whole
    whole *= steps[:, None]
    lengths[...] = _length(whole)
    np.subtract(block, whole, out=whole)
    residuals[...] = _length(whole) + 4 * _UNIT * lengths


def _length(block: Floats) -> Floats:
    """At least the length of each row: the sum's rounding and squares too small to be kept are paid."""
    squares = np.vecdot(block, block)
    steps = (block.shape[1] + 8) * _UNIT
    return np.asarray(np.sqrt(squares) * np.float32(1 + steps) + np.float32(1e-15), dtype=np.float32)
