"""Cells of a CSV file that no spreadsheet calculates, whichever of its readers opens the file.

A reader that separates by semicolons or tabs parts a cell of ours in the middle and heeds no quotes
that do not begin a field, so a formula may begin behind each of these, and behind each line end. Bot and
engine share no code: each has this file, and a test compares the two.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator

_GUARD = "'"
# What makes a spreadsheet calculate instead of show; wide forms count there too.
_FORMULA = frozenset("=+-@＝＋－＠\t\r\n|")
_SUSPECT = re.compile(r"[=+\-@＝＋－＠\t\r\n|]")
# Behind these, a cell of some reader begins.
_SEPARATORS = frozenset(";\t\r\n")
# What readers pass over before a formula: quotes, spaces, controls, what has no shape of its own.
_UNSEEN = frozenset({"Cc", "Cf", "Mn", "Me", "Zs", "Zl", "Zp"})


def inert(text: str) -> str:
    """The cell as text that no spreadsheet runs: a quote stands before whatever may begin a formula."""
    if not _SUSPECT.search(text):
        return text
    guarded = set(_formulas(text))
    return "".join(_GUARD + one if at in guarded else one for at, one in enumerate(text))


def plain(text: str) -> str:
    """The text that became this one by `inert`."""
    if _GUARD not in text:
        return text
    begins = _beginnings_of_formulas(text)
    ours = {at for at in _beginnings_of_cells(text) if text[at] == _GUARD and begins[at + 1]}
    return "".join(one for at, one in enumerate(text) if at not in ours)


def _formulas(text: str) -> Iterator[int]:
    begins = _beginnings_of_formulas(text)
    return (at for at in _beginnings_of_cells(text) if begins[at])


def _beginnings_of_cells(text: str) -> Iterator[int]:
    return (at for at in range(len(text)) if at == 0 or text[at - 1] in _SEPARATORS)


def _beginnings_of_formulas(text: str) -> list[bool]:
    """A flag for each place: whether a cell that began there would be taken for a formula.

    One pass, from the end. Guards change nothing, so that what was guarded can be told from what was not.
    """
    begins = [False] * (len(text) + 1)
    is_formula_behind = False
    for at in range(len(text) - 1, -1, -1):
        one = text[at]
        if not _is_unseen(one):
            is_formula_behind = one in _FORMULA
        begins[at] = begins[at + 1] if one == _GUARD else is_formula_behind or one in _FORMULA
    return begins


def _is_unseen(character: str) -> bool:
    return character in {_GUARD, '"'} or unicodedata.category(character) in _UNSEEN
