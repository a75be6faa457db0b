"""What a search over vectors is to those who use one, wherever it runs."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Protocol

from engine.index.scan.int8_copy import Compressed
from engine.index.scan.ranking import SearchSpec, TopRows
from engine.index.scan.score import Floats, Rows, Scores


class Search(Protocol):
    """What finds rows by their vectors."""

    def search(self, questions: Floats, wanted: Sequence[SearchSpec]) -> list[TopRows]: ...

    def scores(self, rows: Rows, question: Floats) -> Scores: ...


class RowSearch(Search, Protocol):
    """A search over the rows of one matrix: `Scan`, `CardScan`."""

    @property
    def device(self) -> str:
        """Where it runs, in the words of an encoder's device."""

    @property
    def compressed(self) -> Compressed | None:
        """The copy that it looks at first, where it has one; to be stored beside the matrix."""

    def rebased_on(self, matrix: Floats) -> RowSearch:
        """The same over an equal matrix that is kept elsewhere, with nothing made anew."""


Scanner = Callable[[Floats, Compressed | None], RowSearch]
"""How a matrix becomes searched, with the copy of it that was stored, if any."""
