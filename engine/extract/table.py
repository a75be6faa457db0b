"""Tables of documents as rows: merged cells filled, and each row able to stand alone.

cells with spans ─► table_of ─► rows ─► joined (one table over several pages)
                                  ├─► is_of_questions: its rows become entries
                                  └─► lines: a line a row, each value behind its column's name
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import takewhile
from typing import Final

from engine.extract.columns import Columns
from engine.extract.header import header_place

MOST_COLUMNS: Final = 256
_LABEL_CHARACTERS: Final = 30
_HEADER_ROWS: Final = 4
_DIGIT = re.compile(r"\d")
_QUANTITY = re.compile(r"[¥￥$€£+-]?\s?\d{1,9}(?:[,.]\d{1,9})*\s?[^\d\s-]{0,6}")
_QUESTION_MARKS: Final = ("?", "？")
_QUESTION_HEADER: Final = ("text", "answer")


@dataclass(frozen=True, slots=True)
class Cell:
    """A cell as it is written, with how many columns and rows it covers."""

    text: str
    columns: int = 1
    rows: int = 1
    is_header: bool = False


@dataclass(frozen=True, slots=True)
class Row:
    """The cells of a row, each under its column: what a merged cell says stands in all that it covers.

    `above` are the columns merged with the row above, `beside` those merged with the column before.
    """

    cells: tuple[str, ...]
    above: frozenset[int] = frozenset()
    beside: frozenset[int] = frozenset()
    is_header: bool = False

    @property
    def spanning(self) -> str:
        """The text of a row that is one cell from the first column to the last; empty otherwise."""
        is_one = len(self.cells) > 1 and len(self.beside) == len(self.cells) - 1
        return self.cells[0] if is_one else ""

    @property
    def own(self) -> tuple[str, ...]:
        """The cells without what is only repeated from the column before."""
        return tuple("" if place in self.beside else cell for place, cell in enumerate(self.cells))


def table_of(written: Iterable[Sequence[Cell]]) -> tuple[Row, ...]:
    """The rows of a table from its cells as they are written; rows without any text are left out."""
    running: dict[int, tuple[int, str, bool]] = {}  # column: (rows still covered, text, beside its left)
    rows = []
    for cells in written:
        row = _fill_row(cells, running)
        if any(row.cells):
            rows.append(row)
    return _even(rows)


def _fill_row(cells: Sequence[Cell], running: dict[int, tuple[int, str, bool]]) -> Row:
    texts: list[str] = []
    above: set[int] = set()
    beside: set[int] = set()

    def continue_from_above() -> None:
        while (held := running.pop(len(texts), None)) is not None:
            left, text, is_beside = held
            if left > 1:
                running[len(texts)] = (left - 1, text, is_beside)
            above.add(len(texts))
            if is_beside:
                beside.add(len(texts))
            texts.append(text)

    for cell in cells:
        continue_from_above()
        for number in range(max(1, cell.columns)):
            place = len(texts)
            if place >= MOST_COLUMNS:
                break
            if cell.rows > 1:
                running[place] = (cell.rows - 1, cell.text, number > 0)
            if number:
                beside.add(place)
            texts.append(cell.text)
    continue_from_above()
    return Row(
        tuple(texts),
        frozenset(above),
        frozenset(beside),
        bool(cells) and all(each.is_header for each in cells),
    )


def _even(rows: Sequence[Row]) -> tuple[Row, ...]:
    width = max((len(row.cells) for row in rows), default=0)
    return tuple(replace(row, cells=(*row.cells, *[""] * (width - len(row.cells)))) for row in rows)


def join_tables(first: Sequence[Row], second: Sequence[Row]) -> tuple[Row, ...] | None:
    """The two as the one table that was cut in two at the end of a page; None when they are two.

    The second has as many columns, and the header of the first again or none of its own.
    """
    if not first or not second or len(first[0].cells) != len(second[0].cells):
        return None
    header = header_of(first)
    if header and second[: len(header)] and _texts(second[: len(header)]) == _texts(header):
        return (*first, *second[len(header) :])
    if not header or header_of(second):
        return None
    return (*first, *second)


def is_of_questions(rows: Sequence[Row]) -> bool:
    """Whether each row is a question and its answer: by the header, or by what stands on the left."""
    return bool(rows) and (_question_header(rows) is not None or _asks_on_the_left(rows))


def question_rows(rows: Sequence[Row]) -> Iterator[tuple[int, Row]]:
    """The rows of a table of questions with their numbers, the first naming the columns as lists do."""
    place = _question_header(rows)
    if place is None:
        yield 0, Row(_QUESTION_HEADER)
        place = -1
    for number, row in enumerate(rows, start=1):
        if number <= place or (number > place + 1 and place >= 0 and row.cells == rows[place].cells):
            continue  # a title above the header, or the header again on the next page
        yield number, row


def lines(rows: Sequence[Row]) -> list[str]:
    """A line for each row, which names the column of each cell where the table has a header.

    What covers a whole row is said again in front of each row below it.
    """
    header = header_of(rows)
    names = _names(header) if header else [""] * len(rows[0].cells)
    below = [row for row in rows[len(header) :] if row.cells not in {each.cells for each in header}]
    found: list[str] = []
    group = ""
    for number, row in enumerate(below):
        is_last = number + 1 == len(below)
        if row.spanning:
            group = "" if is_last or len(row.spanning) > _LABEL_CHARACTERS else _flat(row.spanning)
            if not group:
                found.append(_flat(row.spanning))
            continue
        cells = [
            _name_cell(name, _flat(cell)) for name, cell in zip(names, row.own, strict=True) if cell.strip()
        ]
        found.append(" | ".join(filter(None, [group, *cells])))
    return [line for line in found if line] or [" | ".join(filter(None, names))]


def header_of(rows: Sequence[Row]) -> Sequence[Row]:
    """The rows on top that name the columns; none when that cannot be told."""
    marked = list(takewhile(lambda row: row.is_header, rows[:_HEADER_ROWS]))
    if marked and len(marked) < len(rows):
        return marked
    if rows[2:] and rows[0].beside and not rows[0].spanning and rows[1].above:
        return rows[:2]  # a name over several columns, and below it one for each
    first, below = rows[0] if rows else Row(()), rows[1:]
    return [first] if below and _names_columns(first, below) else []


def _names_columns(first: Row, below: Sequence[Row]) -> bool:
    """Short names, all different and without a number, over many columns or one of quantities."""
    names = first.cells
    if not names[1:] or len(set(names)) < len(names) or not all(names):
        return False
    if any(len(name) > _LABEL_CHARACTERS or _DIGIT.search(name) for name in names):
        return False
    if len(names) > 2:  # noqa: PLR2004 - two are often a name and its value
        return True
    return len(below) > 1 and all(_QUANTITY.fullmatch(row.cells[1].strip()) for row in below)


def _names(header: Sequence[Row]) -> list[str]:
    """A name for each column: all that stands over it, each once."""
    stacks = zip(*(row.cells for row in header), strict=True)
    return [" ".join(dict.fromkeys(filter(None, map(_flat, stack)))) for stack in stacks]


def _name_cell(name: str, cell: str) -> str:
    return f"{name}: {cell}" if name and name != cell else cell


def _flat(text: str) -> str:
    return " ".join(text.split())


def _texts(rows: Sequence[Row]) -> list[tuple[str, ...]]:
    return [tuple(map(_flat, row.cells)) for row in rows]


def _question_header(rows: Sequence[Row]) -> int | None:
    cells = [row.cells for row in rows]
    place = header_place(cells)
    if place is None or place + 1 >= len(rows):
        return None
    return place if set(_QUESTION_HEADER) <= set(Columns.of(cells[place]).parts) else None


def _asks_on_the_left(rows: Sequence[Row]) -> bool:
    return len(rows[0].cells) == len(_QUESTION_HEADER) and all(
        row.cells[0].rstrip().endswith(_QUESTION_MARKS)
        and row.cells[1].strip()
        and not row.cells[1].rstrip().endswith(_QUESTION_MARKS)
        for row in rows
    )
