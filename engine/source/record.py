"""One row of a source as it was found, before anything is judged."""

from __future__ import annotations

import hashlib
from base64 import b32encode
from collections.abc import Mapping
from typing import Final, NamedTuple

from engine.extract.columns import Columns, split_wordings

ID_CHARACTERS: Final = 12
"""60 bits: among a million texts the chance that any two agree is one in two million."""


NO_FIELDS: Final[Mapping[str, str]] = {}


class Record(NamedTuple):
    """`where` is FILE:LINE, the line on which the row begins, or FILE: PLACE in a document.

    A named tuple and no dataclass, because there may be half a million of them for a moment.
    """

    where: str
    text: str
    answer: str = ""
    title: str = ""
    url: str = ""
    id: str = ""
    fields: Mapping[str, str] = NO_FIELDS
    wordings: tuple[str, ...] = ()


def record_of(where: str, row: Mapping[str, str], columns: Columns) -> Record:
    """The row with its parts in their places and everything else in `fields`."""
    text, answer, title, url, id_ = [row[name] if name is not None else "" for name in columns.in_order]
    if len(columns.parts) == len(row):
        return Record(where, text, answer, title, url, id_)
    taken = {*columns.parts.values(), *columns.wordings}
    fields = {name: value for name, value in row.items() if name not in taken}
    wordings = tuple(each for name in columns.wordings for each in split_wordings(row[name]))
    return Record(where, text, answer, title, url, id_, fields, wordings)


def digest(text: str, characters: int | None = ID_CHARACTERS) -> str:
    """The digest that an id is made of: the same for the same text in every version of this program."""
    return b32encode(hashlib.sha256(text.encode()).digest()).decode().rstrip("=").lower()[:characters]
