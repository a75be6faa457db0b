"""Questions out of a paste or a CSV file: the first column, or the one that is called so."""

from __future__ import annotations

import csv
import io

_NAMES = frozenset({"question", "questions", "query", "text", "问题", "提问", "问句"})


def questions_in(content: bytes) -> tuple[str, ...]:
    """The questions of a CSV file in UTF-8, or in GB 18030 as spreadsheets in China write it."""
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError:
        text = content.decode("gb18030", "replace")
    rows = [
        row for row in csv.reader(io.StringIO(text.replace("\0", ""), newline="")) if any(map(str.strip, row))
    ]
    if not rows:
        return ()
    named = [at for at, cell in enumerate(rows[0]) if cell.strip().casefold() in _NAMES]
    column, first = (named[0], 1) if named else (0, 0)
    return clean_questions([row[column] for row in rows[first:] if column < len(row)])


def clean_questions(lines: list[str]) -> tuple[str, ...]:
    """Each question once, in the order in which they came, on one line."""
    return tuple(dict.fromkeys(line for line in (" ".join(line.split()) for line in lines) if line))
