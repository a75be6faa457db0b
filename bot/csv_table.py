"""A table as CSV that spreadsheets open as it is meant: RFC 4180, UTF-8 with a mark, formulas inert."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Sequence

from bot.csv_cells import inert

Cell = str | int | float | None


def as_csv(head: Sequence[str], rows: Iterable[Sequence[Cell]]) -> bytes:
    """Numbers stay numbers; None is an empty cell; a text that looks like a formula begins with a quote."""
    out = io.StringIO(newline="")
    table = csv.writer(out, lineterminator="\r\n")
    table.writerow(head)
    for row in rows:
        table.writerow([inert(cell) if isinstance(cell, str) else cell for cell in row])
    return out.getvalue().encode("utf-8-sig")
