"""What an evaluation writes is a table that no reader calculates. The cells: tests/bot/test_csv_cells.py."""

from __future__ import annotations

import csv
import io

from engine.cli.evaluate import table_of
from engine.evaluation.queries import LabelledQuery, Scored

HOSTILE = "=1+1;\u200b=2+2\t-3"


def test_no_cell_of_an_evaluation_is_a_formula() -> None:
    """SEC24. Queries, their ids and those of entries come from whoever wrote the file."""
    query = LabelledQuery(id=HOSTILE, text=HOSTILE, in_scope=True, relevant=[HOSTILE])
    written = table_of([Scored(query, 1, HOSTILE, 0.5, relevant=True)])
    [_, row] = list(csv.reader(io.StringIO(written, newline="")))
    assert [cell for cell in row if "=" in cell] == ["'=1+1;'\u200b=2+2\t'-3"] * 3
