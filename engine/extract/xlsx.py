"""XLSX: every visible sheet, row by row, each cell as the sheet shows it.

Read by our own hands: no reader for Python gives at once what a cell shows, which cells are merged,
what is hidden, and which formulas were never computed.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from html import unescape
from io import BytesIO
from itertools import islice
from typing import TYPE_CHECKING, Final
from xml.etree.ElementTree import ParseError, iterparse
from zipfile import ZipFile

from engine.extract.archive import examine
from engine.extract.blocks import Item, Refused
from engine.extract.header import SEARCHED_ROWS, header_place
from engine.extract.number_format import format_number
from engine.extract.workbook import Sheet, Workbook, local_name, related_parts, text_of, unescape_text

if TYPE_CHECKING:
    from xml.etree.ElementTree import Element

_MERGED = re.compile(
    rb'<(?:\w{1,20}:)?mergeCell\b[^>]{0,200}?\bref="([A-Z]{1,3})(\d{1,7}):([A-Z]{1,3})(\d{1,7})"'
)
_LINKED = re.compile(rb"<(?:\w{1,20}:)?hyperlink\b([^>]{0,2000})>")
_ATTRIBUTE = re.compile(r'(?:\w{1,20}:)?(\w{1,20})="([^"]*)"')
_END = re.compile(rb"</(?:\w{1,20}:)?sheetData\s*>")
_INSTRUCTIONS = re.compile(
    r"说明|須知|须知|指引|指南|帮助|目录|封面|修订|版本|字典|instruct|read ?me|guide|how to|help|notes|legend"
    r"|cover|changelog",
    re.IGNORECASE,
)
_MOST_COLUMNS: Final = 16_384


@dataclass(slots=True)
class _Grid:
    """The part of a sheet around its rows. `merged` are {first row: (last row, column)} from top left."""

    hidden_columns: set[int] = field(default_factory=set)
    merged: dict[int, list[tuple[int, int]]] = field(default_factory=dict)
    links: dict[str, str] = field(default_factory=dict)


@dataclass(slots=True)
class _Row:
    number: int
    is_hidden: bool
    cells: list[str]
    above: list[int]
    unknown: list[int]


def read(content: bytes) -> Iterator[Item]:
    examine(content, ".xlsx", "xl/workbook.xml")
    try:
        with ZipFile(BytesIO(content)) as archive:
            yield from _items(archive, Workbook.of(archive))
    except (ParseError, KeyError, IndexError, ValueError, AttributeError, EOFError) as error:
        raise Refused(f"is a damaged .xlsx ({type(error).__name__}); open it and save it again") from None


def _items(archive: ZipFile, book: Workbook) -> Iterator[Item]:
    for each in book.sheets:
        if not each.is_visible:
            yield {"where": each.name, "dropped": "is a hidden sheet", "code": "hidden_sheet"}
    visible = [each for each in book.sheets if each.is_visible]
    heads = {each.name: _head(archive, book, each) for each in visible}
    with_header = {name for name, rows in heads.items() if header_place(rows) is not None}
    for each in visible:
        if not heads[each.name]:
            continue  # new workbooks come with empty sheets
        if with_header and each.name not in with_header and _is_instructions(each.name, heads[each.name]):
            yield {
                "where": each.name,
                "dropped": "has no column for the text and reads like instructions",
                "code": "instructions",
            }
        else:
            yield from _sheet(archive, book, each, len(visible))


def _head(archive: ZipFile, book: Workbook, sheet: Sheet) -> list[list[str]]:
    """The first rows that hold something, if only a formula without a value, which stands there as "="."""
    rows = _rows(archive, book, sheet, _Grid())
    filled = (
        ["=" if place in row.unknown else cell for place, cell in enumerate(row.cells)]
        for row in rows
        if any(row.cells) or row.unknown
    )
    return list(islice(filled, SEARCHED_ROWS))


def _is_instructions(name: str, head: list[list[str]]) -> bool:
    return bool(_INSTRUCTIONS.search(name)) or all(len(list(filter(None, cells))) <= 1 for cells in head)


def _sheet(archive: ZipFile, book: Workbook, sheet: Sheet, sheets: int) -> Iterator[Item]:
    grid = _Grid()
    hidden: list[int] = []
    in_hidden_columns: set[int] = set()
    told: set[int] = set()  # columns whose merged cell stands in a row that was handed out
    for row in _rows(archive, book, sheet, grid):
        if not any(row.cells) and not row.unknown:
            continue
        above = [place for place in row.above if place in told]
        if row.is_hidden:
            hidden.append(row.number)
            told = set(above)
            continue
        told = set(range(len(row.cells)))
        kept = [place for place in range(len(row.cells)) if place not in grid.hidden_columns]
        in_hidden_columns |= {
            place for place in grid.hidden_columns if place < len(row.cells) and row.cells[place]
        }
        places = {place: number for number, place in enumerate(kept)}
        yield {
            "row": row.number,
            "sheet": sheet.name,
            "sheets": sheets,
            "cells": [row.cells[place] for place in kept],
            "above": [places[place] for place in above if place in places],
            "unknown": [places[place] for place in row.unknown if place in places],
        }
    prefix = f"{sheet.name} " if sheets > 1 else ""
    for first, last in _ranges(hidden):
        where = f"{prefix}row {first}" if first == last else f"{prefix}rows {first} to {last}"
        said = "is a hidden row" if first == last else "are hidden rows"
        yield {"where": where, "dropped": said, "code": "hidden_row"}
    for place in sorted(in_hidden_columns):
        where = f"{prefix}column {_letters(place)}"
        yield {"where": where, "dropped": "is a hidden column", "code": "hidden_column"}


def _rows(archive: ZipFile, book: Workbook, sheet: Sheet, grid: _Grid) -> Iterator[_Row]:
    content = archive.read(sheet.part)
    if b"<!DOCTYPE" in content[:4096]:
        raise Refused("declares entities, as no spreadsheet program does")
    _learn(archive, sheet, content, grid)
    running: dict[int, tuple[int, str]] = {}  # column: (last row, what its merged cells show)
    number = 0
    holder: Element | None = None
    for event, element in iterparse(BytesIO(content), events=("start", "end")):  # noqa: S314 - see above
        name = local_name(element)
        if event == "start":
            if name == "sheetData":
                holder = element
            elif name == "col" and (element.get("hidden") in {"1", "true"} or element.get("width") == "0"):
                last = min(int(element.get("max", "0")), _MOST_COLUMNS)
                grid.hidden_columns.update(range(int(element.get("min", "1")) - 1, last))
            continue
        if name == "row" and holder is not None:
            number = int(element.get("r") or number + 1)
            yield _fill_merged(_row(element, number, book, grid), grid, running)
            holder.clear()


def _learn(archive: ZipFile, sheet: Sheet, content: bytes, grid: _Grid) -> None:
    """Merged cells and links, which stand behind the rows."""
    ends = [found.end() for found in _END.finditer(content)]
    tail = content[ends[-1] :] if ends else b""
    for left, top, _, bottom in _MERGED.findall(tail):
        column = _column(left.decode())
        grid.merged.setdefault(int(top), []).append((int(bottom), column))
    linked = _LINKED.findall(tail)
    if not linked:
        return
    related = related_parts(archive, sheet.part)
    for written in linked:
        given = dict(_ATTRIBUTE.findall(written.decode(errors="replace")))
        target = related.get(given.get("id", ""), ("", ""))[1]
        if target.startswith(("http://", "https://")):
            grid.links[given.get("ref", "")] = unescape(target)


def _row(element: Element, number: int, book: Workbook, grid: _Grid) -> _Row:
    is_hidden = element.get("hidden") in {"1", "true"} or element.get("ht") == "0"
    row = _Row(number, is_hidden, [], [], [])
    place = -1
    for cell in element:
        if local_name(cell) != "c":
            continue
        reference = cell.get("r", "")
        place = _column(reference.rstrip("0123456789")) if reference else place + 1
        if not 0 <= place < _MOST_COLUMNS:
            raise ValueError(reference)
        row.cells.extend([""] * (place + 1 - len(row.cells)))
        text = _cell_text(cell, book)
        if text is None:
            row.unknown.append(place)
            continue
        link = grid.links.get(reference) if grid.links else None
        row.cells[place] = f"{text} ({link})" if link and link not in text else text
    return row


def _fill_merged(row: _Row, grid: _Grid, running: dict[int, tuple[int, str]]) -> _Row:
    """The row with what its cells show that are merged with one above."""
    for column, (last, text) in list(running.items()):
        if row.number > last:
            del running[column]
        elif text:
            row.cells.extend([""] * (column + 1 - len(row.cells)))
            if not row.cells[column]:
                row.cells[column] = text
                row.above.append(column)
    for last, column in grid.merged.get(row.number, ()):
        if last > row.number and column < len(row.cells):
            running[column] = (last, row.cells[column])
    return row


def _cell_text(cell: Element, book: Workbook) -> str | None:
    """The text that the cell shows; None where it is the result of a formula that the file does not hold."""
    kind = cell.get("t", "n")
    parts: Mapping[str, Element] = {local_name(child): child for child in cell}
    if kind == "inlineStr":
        return text_of(parts["is"]).strip() if "is" in parts else ""
    value = parts["v"].text if "v" in parts else None
    if value is None or not value.strip():
        return None if "f" in parts and kind != "str" else ""
    match kind:
        case "s":
            return book.texts[int(value)].strip()
        case "b":
            return "TRUE" if value.strip() in {"1", "true"} else "FALSE"
        case "e":
            return None
        case "n":
            style = int(cell.get("s", "0"))
            code = book.formats[style] if 0 <= style < len(book.formats) else "General"
            return format_number(value.strip(), code, since_1904=book.since_1904)
        case _:
            return unescape_text(value).strip()


def _column(letters: str) -> int:
    place = 0
    for letter in letters.upper():
        place = place * 26 + ord(letter) - ord("A") + 1
    return place - 1


def _letters(place: int) -> str:
    letters = ""
    place += 1
    while place:
        place, rest = divmod(place - 1, 26)
        letters = chr(ord("A") + rest) + letters
    return letters


def _ranges(numbers: list[int]) -> Iterator[tuple[int, int]]:
    """Numbers that follow each other, as first and last."""
    first = 0
    for place, number in enumerate(numbers):
        if place + 1 == len(numbers) or numbers[place + 1] != number + 1:
            yield numbers[first], number
            first = place + 1
