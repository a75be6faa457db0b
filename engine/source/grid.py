"""Records from the rows of a table, whichever kind of file the table stands in."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from engine.domain import Dropped, SourceError
from engine.extract.columns import NAMES, Columns, fold_name
from engine.extract.header import SEARCHED_ROWS, header_place
from engine.source.record import Record, record_of

_SHOWN: Final = 80


@dataclass(frozen=True, slots=True)
class Row:
    """Cells and where they stand.

    `above` are the columns whose cell is merged with the one above, `unknown` those whose value
    the file does not hold.
    """

    where: str
    cells: Sequence[str]
    above: frozenset[int] = frozenset()
    unknown: frozenset[int] = frozenset()


@dataclass(frozen=True, slots=True)
class Header:
    """The columns in their order, each under a name of its own, and which of them hold what."""

    names: tuple[str, ...]
    columns: Columns

    @classmethod
    def of(cls, where: str, cells: Sequence[str]) -> Header:
        """Raises SourceError when two columns both say that they hold the same part."""
        names: list[str] = []
        seen: dict[str, int] = {}
        taken = {fold_name(cell) for cell in cells}
        known = {name for accepted in NAMES.values() for name in accepted}
        for number, cell in enumerate(map(str.strip, cells), start=1):
            name = cell or f"column {number}"
            times = seen[fold_name(name)] = seen.get(fold_name(name), 0) + 1
            if times > 1 and fold_name(name) in known:
                raise SourceError(
                    f'{where} names the column "{fold_name(name)[:_SHOWN]}" twice', "no_question_column"
                )
            while times > 1 and fold_name(f"{name} {times}") in taken:
                times += 1
            names.append(name if times == 1 else f"{name} {times}")
            taken.add(fold_name(names[-1]))
        return cls(tuple(names), Columns.of(names))

    def place_of(self, part: str) -> int:
        """The number of the column of a part; -1 when there is none."""
        name = self.columns.parts.get(part)
        return -1 if name is None else self.names.index(name)


def records(rows: Iterable[Row], refuse: Callable[[Row], None]) -> Iterator[Record | Dropped]:
    """The rows below the header; what stands above it is passed over.

    A question merged over several rows is one entry with all their answers. `refuse` is called
    with the first row when no header names the text, and may raise; then every row is one text.
    """
    waiting, header, rows = _begin(rows)
    if header is None:
        if waiting:
            refuse(next((row for row in waiting if any(row.cells)), waiting[0]))
        yield from map(_text_of, waiting)
        yield from map(_text_of, rows)
        return
    for row in waiting:
        if any(row.cells):
            told = " ".join(filter(None, row.cells))[:_SHOWN]
            yield Dropped(row.where, f"stands above the header: {told}", "above_header", {"text": told})
        else:
            yield Record(row.where, "")
    yield from _below(header, rows)


def _begin(rows: Iterable[Row]) -> tuple[list[Row], Header | None, Iterator[Row]]:
    """The rows above the header, the header, and the rows that were not looked at yet."""
    rest = iter(rows)
    looked: list[Row] = []
    filled: list[int] = []
    for row in rest:
        looked.append(row)
        if any(map(str.strip, row.cells)):
            filled.append(len(looked) - 1)
            if len(filled) == SEARCHED_ROWS:
                break
    place = header_place([looked[number].cells for number in filled])
    if place is None:
        return looked, None, rest
    at = filled[place]
    header = Header.of(looked[at].where, looked[at].cells)

    def below() -> Iterator[Row]:
        yield from looked[at + 1 :]
        yield from rest

    return looked[:at], header, below()


def _below(header: Header, rows: Iterable[Row]) -> Iterator[Record | Dropped]:
    text, answer = header.place_of("text"), header.place_of("answer")
    pending: Record | None = None
    for row in rows:
        if pending is not None and text in row.above:
            pending = _continue_row(pending, row, answer)
            continue
        if pending is not None:
            yield pending
            pending = None
        found = _record(header, row, {text, answer})
        if isinstance(found, Dropped):
            yield found
        else:
            pending = found
    if pending is not None:
        yield pending


def _record(header: Header, row: Row, needed: set[int]) -> Record | Dropped:
    names, cells = header.names, row.cells
    if not cells:
        return Record(row.where, "")
    if len(cells) != len(names):
        if any(map(str.strip, cells[len(names) :])):
            reason = (
                f"has {len(cells)} cells where the header has {len(names)}; "
                "put a cell that holds a comma or a quote into quotes"
            )
            details = {"cells": str(len(cells)), "columns": str(len(names))}
            return Dropped(row.where, reason, "too_many_cells", details)
        cells = [*cells[: len(names)], *[""] * (len(names) - len(cells))]
    if row.unknown & needed:
        reason = "holds a formula without a value; open the file in a spreadsheet program and save it again"
        return Dropped(row.where, reason, "formula_without_value")
    return record_of(row.where, dict(zip(names, cells, strict=True)), header.columns)


def _continue_row(pending: Record, row: Row, answer: int) -> Record:
    """The record with what the next row of its merged question answers."""
    if answer < 0 or answer in row.above or answer >= len(row.cells) or not row.cells[answer]:
        return pending
    return pending._replace(answer="\n".join(filter(None, [pending.answer, row.cells[answer]])))


def _text_of(row: Row) -> Record | Dropped:
    if row.unknown:
        reason = "holds a formula without a value; open the file in a spreadsheet program and save it again"
        return Dropped(row.where, reason, "formula_without_value")
    return Record(row.where, " | ".join(filter(None, row.cells)))
