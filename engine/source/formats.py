"""Text, CSV and JSON Lines: from the bytes of one file to its records, or a SourceError.

    lines   one entry a line, nothing split
    pairs   the same, and `TEXT => ANSWER` is a text with its answer (pasted lists)
    table   CSV with a header; comma, semicolon or tab
    jsonl   one JSON object a line

Every reader either yields all rows or raises SourceError naming file and line. Blank rows
are yielded with an empty text, so that they can be counted and reported.
"""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from typing import Any, Final

from engine.domain import SourceError
from engine.extract.columns import NAMES, Columns, folded, split_wordings
from engine.source.record import Record, record_of

Reader = Callable[[str, bytes], Iterator[Record]]
"""Reads the bytes of the file that people know by the name."""


def lines(name: str, content: bytes) -> Iterator[Record]:
    for number, line in enumerate(_lines(decoded(name, content)), start=1):
        yield Record(f"{name}:{number}", line)


def pairs(name: str, content: bytes) -> Iterator[Record]:
    for record in lines(name, content):
        text, _, answer = record.text.partition("=>")
        yield Record(record.where, text, answer)


def table(name: str, content: bytes) -> Iterator[Record]:
    rows = _rows(name, decoded(name, content))
    place, first = next(((where, row) for where, row in rows if row), ("", []))
    if not first:
        raise SourceError(f"{name} is empty; its first line must name the columns, for example: text,answer")
    header = [cell.strip() or f"column {number}" for number, cell in enumerate(first, start=1)]
    columns = Columns.of(header)
    if not columns.has_text:
        known = ", ".join(NAMES["text"])
        raise SourceError(f"{place} has no column for the text: name one of {known} (got {_cut(header)})")
    names = [folded(column) for column in header]
    if twice := [column for number, column in enumerate(names) if column in names[:number]]:
        raise SourceError(f'{place} names the column "{_cut(twice[0])}" twice')
    for where, row in rows:
        if row and len(row) != len(header):
            raise SourceError(
                f"{where} has {len(row)} cells where the first line has {len(header)}; "
                "put a cell that holds a comma or a quote into quotes"
            )
        yield record_of(where, dict(zip(header, row, strict=True)), columns) if row else Record(where, "")


def jsonl(name: str, content: bytes) -> Iterator[Record]:
    told: dict[tuple[str, ...], Columns] = {}  # most lines have the keys of the line before
    for number, line in enumerate(_lines(decoded(name, content)), start=1):
        where = f"{name}:{number}"
        if not line.strip():
            yield Record(where, "")
            continue
        row = _json_object(where, line)
        keys = tuple(row)
        if keys not in told:
            told = {keys: Columns.of(row)}
        columns = told[keys]
        if not columns.has_text:
            known = ", ".join(NAMES["text"])
            raise SourceError(
                f"{where} has no text: one of the keys {known} is needed (got {_cut(list(row))})"
            )
        yield _record_of_object(where, row, columns)


def _record_of_object(where: str, row: dict[str, Any], columns: Columns) -> Record:
    """An object's record. The text may be a list of wordings, whose first is the entry's own."""
    wordings = [each for key in columns.wordings for each in _wordings(where, key, row.pop(key))]
    text = columns.parts["text"]
    if isinstance(row[text], list):
        row[text], *others = [_wording(where, text, each) for each in row[text]] or [""]
        wordings = [*others, *wordings]
    for part, key in columns.parts.items():
        if isinstance(row[key], (dict, list, bool)):
            raise SourceError(f'{where}: "{key}" is the {part} and must be a string')
    for key, value in row.items():
        if not isinstance(value, str):
            row[key] = _plain(value)
    record = record_of(where, row, Columns(columns.parts))
    return replace(record, wordings=tuple(wordings)) if wordings else record


def _wordings(where: str, key: str, value: Any) -> list[str]:
    if isinstance(value, list):
        return [_wording(where, key, each) for each in value]
    return split_wordings(_wording(where, key, value))


def _wording(where: str, key: str, value: Any) -> str:
    if isinstance(value, (dict, list, bool)):
        raise SourceError(f'{where}: "{key}" holds wordings, and each must be a string')
    return _plain(value)


BY_SUFFIX: Final[Mapping[str, Reader]] = {
    ".txt": lines,
    ".csv": table,
    ".jsonl": jsonl,
    ".ndjson": jsonl,
}

BY_MEDIA_TYPE: Final[Mapping[str, Reader]] = {
    "text/plain": pairs,
    "text/csv": table,
    "application/x-ndjson": jsonl,
    "application/jsonl": jsonl,
}


def decoded(name: str, content: bytes) -> str:
    """The text of a UTF-8 file, with or without the mark that some editors put in front."""
    if content.startswith((b"\xff\xfe", b"\xfe\xff")):
        raise SourceError(f"{name}:1 is UTF-16, not UTF-8; save the file again as UTF-8")
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise SourceError(
            f"{name}:{line} is not UTF-8 (byte 0x{content[error.start]:02x}){_guess(content)}; "
            "save the file again as UTF-8 (in a spreadsheet: CSV UTF-8)"
        ) from None
    if "\0" in text:
        line = text.count("\n", 0, text.index("\0")) + 1
        raise SourceError(
            f"{name}:{line} holds a NUL byte, so it is no text file; export it again as UTF-8 text"
        )
    return text


def _guess(content: bytes) -> str:
    try:
        content.decode("gb18030")
    except UnicodeDecodeError:
        return ""
    return ", perhaps GBK"


def _lines(text: str) -> list[str]:
    """Lines as an editor counts them: U+2028 and form feeds are inside a line."""
    rows = text.replace("\r\n", "\n").replace("\r", "\n").split("\n")
    return rows if rows[-1] else rows[:-1]


def _rows(name: str, text: str) -> Iterator[tuple[str, list[str]]]:
    # A quote that is never closed swallows the rest, so its row is named by where it begins.
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=_delimiter(text), strict=True)
    begins = 1
    while True:
        where = f"{name}:{begins}"
        try:
            row = next(reader, None)
        except csv.Error as error:
            raise SourceError(f"{where} is no row of a CSV file: {_explained(str(error))}") from None
        if row is None:
            return
        yield where, row
        begins = reader.line_num + 1


def _explained(problem: str) -> str:
    for known, sentence in {
        "unexpected end of data": "a quote is opened and never closed",
        "field larger": f"a cell is longer than {csv.field_size_limit()} characters",
        "expected after": 'something follows a closing quote; write a quote inside a cell twice ("")',
    }.items():
        if known in problem:
            return sentence
    return problem


def _delimiter(text: str) -> str:
    """Whichever of comma, semicolon and tab separates the first line into columns with a known text."""
    head = text.lstrip().split("\n", 1)[0].split("\r", 1)[0]
    for delimiter in ",;\t":
        if Columns.of(cell.strip().strip('"') for cell in head.split(delimiter)).has_text:
            return delimiter
    return ","


def _json_object(where: str, line: str) -> dict[str, Any]:
    try:
        row = json.loads(line)
        if "\\u" in line:
            json.dumps(row, ensure_ascii=False).encode()
    except json.JSONDecodeError as error:
        raise SourceError(f"{where} is not JSON: {error.msg} at character {error.pos + 1}") from None
    except UnicodeEncodeError:
        raise SourceError(f"{where} holds half a character (a lone \\ud800 to \\udfff)") from None
    except ValueError:
        raise SourceError(f"{where} holds a number with too many digits; put it into quotes") from None
    except RecursionError:
        raise SourceError(f"{where} is nested too deeply") from None
    if not isinstance(row, dict):
        raise SourceError(f'{where} is not a JSON object such as {{"text": "…", "answer": "…"}}')
    return row


def _plain(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, str):
        return value
    return json.dumps(value, ensure_ascii=False)


def _cut(value: object) -> str:
    text = (
        value
        if isinstance(value, str)
        else ", ".join(map(str, value))
        if isinstance(value, list)
        else str(value)
    )
    return text if len(text) <= 80 else text[:79] + "…"  # noqa: PLR2004
