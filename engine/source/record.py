"""One row of a source as it was found, before anything is judged."""

from __future__ import annotations

import hashlib
from base64 import b32encode
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from engine.extract.columns import Columns, split_wordings

ID_CHARACTERS: Final = 12
"""60 bits: among a million texts the chance that any two agree is one in two million."""


@dataclass(frozen=True, slots=True)
class Record:
    """`where` is FILE:LINE, the line on which the row begins, or FILE: PLACE in a document."""

    where: str
    text: str
    answer: str = ""
    title: str = ""
    url: str = ""
    id: str = ""
    fields: Mapping[str, str] = field(default_factory=dict)
    wordings: tuple[str, ...] = ()


def record_of(where: str, row: Mapping[str, str], columns: Columns) -> Record:
    """The row with its parts in their places and everything else in `fields`."""
    given = {part: row[name] for part, name in columns.parts.items()}
    fields: Mapping[str, str] = {}
    wordings: tuple[str, ...] = ()
    if len(given) < len(row):
        taken = {*columns.parts.values(), *columns.wordings}
        fields = {name: value for name, value in row.items() if name not in taken}
        wordings = tuple(each for name in columns.wordings for each in split_wordings(row[name]))
    return Record(where, **given, fields=fields, wordings=wordings)


def digest(text: str, characters: int | None = ID_CHARACTERS) -> str:
    """What an id is made of: the same for the same text in every version of this program."""
    return b32encode(hashlib.sha256(text.encode()).digest()).decode().rstrip("=").lower()[:characters]
