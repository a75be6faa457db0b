"""Detection of a table's header row: not always the first, because people write titles above it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from engine.extract.columns import Columns

SEARCHED_ROWS: Final = 15
"""A header below this many rows that are not blank is not looked for."""


def header_place(rows: Sequence[Sequence[str]]) -> int | None:
    """The number of the row that names the columns; None when none of the first names the text.

    A row that names the text and another part is a header wherever it stands. One that names
    the text alone is a header only below titles, which are rows of one cell.

    >>> header_place([["FAQ 2026"], ["question", "answer"], ["Where?", "Here"]])
    1
    """
    below_titles = True
    alone: int | None = None
    for place, cells in enumerate(rows[:SEARCHED_ROWS]):
        columns = Columns.of(cells)
        is_title = len({cell for cell in cells if cell.strip()}) <= 1
        if columns.has_text:
            if (
                len(columns.parts) > 1
                or columns.wordings
                or (below_titles and not is_title and alone is None)
            ):
                return place
            if below_titles and alone is None:
                alone = place
        below_titles = below_titles and is_title
    return alone
