"""One row of a source as it was found, before anything is judged, and the names its parts go by."""

from __future__ import annotations

import hashlib
import unicodedata
from base64 import b32encode
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Final

NAMES: Final[Mapping[str, tuple[str, ...]]] = {
    "text": (
        "text",
        "question",
        "query",
        "问题",
        "标准问题",
        "标准问",
        "问句",
        "文本",
        "content",
        "内容",
    ),
    "answer": ("answer", "reply", "response", "答案", "回答", "回复", "答复"),
    "title": ("title", "标题"),
    "id": ("id", "编号"),
    "url": ("url", "link", "链接", "网址"),
}
"""What a column or key may be called, the preferred name first; width and case do not matter.

When a row has two names for one part, the one further left is taken and the other stays a
field. 序号 is not an id on purpose: a running number changes when a row is moved.
"""


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


def parts_of(names: Iterable[str]) -> dict[str, str]:
    """Which of `names` is the text, the answer and so on: {part: name as it is written}."""
    written = {folded(name): name for name in names}
    return {
        part: written[next(known for known in accepted if known in written)]
        for part, accepted in NAMES.items()
        if any(known in written for known in accepted)
    }


def record_of(where: str, row: Mapping[str, str], parts: Mapping[str, str]) -> Record:
    """The row with its parts in their places and everything else in `fields`."""
    given = {part: row[name] for part, name in parts.items()}
    fields: Mapping[str, str] = {}
    if len(given) < len(row):
        taken = set(parts.values())
        fields = {name: value for name, value in row.items() if name not in taken}
    return Record(where, **given, fields=fields)


def folded(name: str) -> str:
    return unicodedata.normalize("NFKC", name).strip().casefold()


def digest(text: str, characters: int | None = ID_CHARACTERS) -> str:
    """What an id is made of: the same for the same text in every version of this program."""
    return b32encode(hashlib.sha256(text.encode()).digest()).decode().rstrip("=").lower()[:characters]
