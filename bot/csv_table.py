"""A table as CSV that spreadsheets open as it is meant: RFC 4180, UTF-8 with a mark, formulas inert."""

from __future__ import annotations

import csv
import io
import unicodedata
from collections.abc import Iterable, Sequence
from itertools import dropwhile

Cell = str | int | float | None

# What makes a spreadsheet calculate instead of show; wide forms count there too.
_FORMULA = tuple("=+-@＝＋－＠\t\r\n|")
# What readers pass over before they look for one: spaces, controls, and what has no shape of its own.
_UNSEEN = {"Cc", "Cf", "Mn", "Me", "Zs", "Zl", "Zp"}


def as_csv(head: Sequence[str], rows: Iterable[Sequence[Cell]]) -> bytes:
    """Numbers stay numbers; None is an empty cell; a text that looks like a formula begins with a quote."""
    out = io.StringIO(newline="")
    table = csv.writer(out, lineterminator="\r\n")
    table.writerow(head)
    for row in rows:
        table.writerow([inert(cell) if isinstance(cell, str) else cell for cell in row])
    return out.getvalue().encode("utf-8-sig")


def inert(text: str) -> str:
    """As a spreadsheet shows it, and never runs it. Without the first quote it is the text again."""
    begins = "".join(dropwhile(_is_unseen, text))
    return f"'{text}" if text.startswith(_FORMULA) or begins.startswith(_FORMULA) else text


def _is_unseen(character: str) -> bool:
    return character == "'" or unicodedata.category(character) in _UNSEEN
