"""Questions out of a paste or a CSV file: the first column, or the one that is called so."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator

_NAMES = frozenset({"question", "questions", "query", "text", "问题", "提问", "问句"})
_SEPARATORS = ",;\t"
_UTF16 = (b"\xff\xfe", b"\xfe\xff")


def questions_in(content: bytes) -> tuple[str, ...]:
    """The questions of a CSV file in UTF-8 or UTF-16, or in GB 18030 as spreadsheets in China write it.

    Cells are parted by commas, or by whatever gives a column that is called so. Raises csv.Error.
    """
    rows, column = _table(_decode(content).replace("\0", ""))
    return clean_questions([row[column] for row in rows if column < len(row)])


def clean_questions(lines: list[str]) -> tuple[str, ...]:
    """Each question once, in the order in which they came, on one line."""
    return tuple(dict.fromkeys(line for line in (" ".join(line.split()) for line in lines) if line))


def _decode(content: bytes) -> str:
    if content.startswith(_UTF16):
        return content.decode("utf-16", "replace")
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError:
        return content.decode("gb18030", "replace")


def _table(text: str) -> tuple[Iterator[list[str]], int]:
    """The rows below the header, and the column of the questions: all and the first without a header."""
    for separator in _SEPARATORS:
        rows = _rows(text, separator)
        if named := _question_columns(next(rows, [])):
            return rows, named[0]
    return _rows(text, _SEPARATORS[0]), 0


def _rows(text: str, separator: str) -> Iterator[list[str]]:
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=separator)
    return (row for row in reader if any(map(str.strip, row)))


def _question_columns(row: list[str]) -> list[int]:
    return [at for at, cell in enumerate(row) if cell.strip().casefold() in _NAMES]
