"""The size of a forward pass, in tokens: smaller when memory runs out, slowly larger again.

Nothing here knows torch: what a portion is encoded by, and what running out of memory
looks like, is passed in.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import TypeVar

from engine.domain import EncoderFailed

_PATIENCE = 32
"""Portions that have to go well before the next one may be twice as large. A guess."""

_Out = TypeVar("_Out")


class DoesNotFit(EncoderFailed):
    """One text alone is more than the memory holds; `row` says which."""

    def __init__(self, row: int) -> None:
        super().__init__(f"text {row + 1} alone does not fit into memory")
        self.row = row


class Portions:
    """Cuts rows into portions of at most `most_tokens`, padding included, and at most `most_rows`."""

    def __init__(self, most_tokens: int, most_rows: int) -> None:
        self._most_tokens = most_tokens
        self._most_rows = most_rows
        self._rows = most_rows
        self._well = 0

    @property
    def rows(self) -> int:
        """The number of rows that a portion may have now."""
        return self._rows

    def encode(
        self,
        lengths: Sequence[int],
        encode: Callable[[Sequence[int]], _Out],
        *,
        is_out_of_memory: Callable[[Exception], bool],
        free: Callable[[], None],
    ) -> Iterator[tuple[Sequence[int], _Out]]:
        """Rows and what `encode` made of them, the longest first, those of like length together.

        Raises:
            DoesNotFit: one row alone ran out of memory.
        """
        order = sorted(range(len(lengths)), key=lambda row: lengths[row], reverse=True)
        start = 0
        while start < len(order):
            rows = self._next([(row, lengths[row]) for row in order[start : start + self._rows]])
            try:
                made = encode(rows)
            except Exception as problem:
                if not is_out_of_memory(problem):
                    raise
            else:
                self._went_well()
                yield rows, made
                start += len(rows)
                continue
            # Out of the except, because the traceback holds on to the very memory to be freed.
            free()
            if len(rows) == 1:
                raise DoesNotFit(rows[0])
            self._rows, self._well = len(rows) // 2, 0

    def _next(self, rows: Sequence[tuple[int, int]]) -> Sequence[int]:
        """The first of these rows that go together; one less than half as long would be mostly padding."""
        longest = max(1, rows[0][1])
        fitting = rows[: max(1, self._most_tokens // longest)]
        return [row for row, length in fitting if 2 * length >= longest or longest == 1]

    def _went_well(self) -> None:
        if self._rows == self._most_rows:
            return
        self._well += 1
        if self._well >= _PATIENCE:
            self._rows, self._well = min(self._most_rows, self._rows * 2), 0
