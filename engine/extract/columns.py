"""The names of a table's columns, whichever kind of file it stands in."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Final

NAMES: Final[Mapping[str, tuple[str, ...]]] = {
    "text": (
        "text",
        "question",
        "query",
        "问题",
        "标准问题",
        "标准问",
        "标准问法",
        "问句",
        "提问",
        "文本",
        "content",
        "内容",
        "questions",
        "常见问题",
        "问",
        "q",
    ),
    "answer": (
        "answer",
        "reply",
        "response",
        "答案",
        "回答",
        "回复",
        "答复",
        "标准答案",
        "标准回答",
        "解答",
        "answers",
        "答",
        "a",
    ),
    "title": ("title", "标题"),
    "id": ("id", "编号"),
    "url": ("url", "link", "链接", "网址"),
}
"""What a column or key may be called, the preferred name first; width, case and marks such as
（必填） or * do not matter.

When a row has two names for one part, the one further left is taken and the other stays a
field. 序号 is not an id on purpose: a running number changes when a row is moved.
"""

WORDINGS: Final = frozenset(
    [
        "wordings",
        "wording",
        "similar questions",
        "similar question",
        "similar",
        "alternatives",
        "aliases",
        "相似问",
        "相似问题",
        "相似问法",
        "扩展问",
        "扩展问题",
        "扩展问法",
    ]
)
"""What columns and keys of other wordings are called; a number may follow, and all of them count."""

_ORDER: Final = ("text", "answer", "title", "url", "id")
_BRACKETS = re.compile(r"\([^()]*\)|\[[^\[\]]*\]|【[^【】]*】|〔[^〔〕]*〕|<[^<>]*>|《[^《》]*》")
_MARKS = " \t\n*#:;,.!?、。-_=~\"'`"
_DIGITS = "0123456789"
_BETWEEN_WORDINGS = re.compile(r"[\r\n|｜;；]+")


@dataclass(frozen=True)
class Columns:
    """The columns or keys, as they are written, of a record's parts and of its other wordings."""

    parts: Mapping[str, str]
    wordings: tuple[str, ...] = ()

    @classmethod
    def of(cls, names: Iterable[str]) -> Columns:
        """The columns among these names. Of several with one name the last: readers refuse or number them."""
        written = {fold_name(name): name for name in names}
        parts = {
            part: written[next(known for known in accepted if known in written)]
            for part, accepted in NAMES.items()
            if any(known in written for known in accepted)
        }
        others = (name for known, name in written.items() if known.rstrip(_DIGITS).rstrip(" #") in WORDINGS)
        return cls(parts, tuple(others))

    @cached_property
    def in_order(self) -> tuple[str | None, ...]:
        """The column of the text, answer, title, address and id; None for those that there are not."""
        return tuple(map(self.parts.get, _ORDER))

    @property
    def has_text(self) -> bool:
        return "text" in self.parts


def split_wordings(cell: str) -> list[str]:
    """The wordings of a cell: one a line, or parted by bars or semicolons."""
    return [each for each in map(str.strip, _BETWEEN_WORDINGS.split(cell)) if each]


def fold_name(name: str) -> str:
    """A column's name without width, case, marks and what stands in brackets.

    >>> fold_name(" *问题（必填）："), fold_name("Similar_Questions 2")
    ('问题', 'similar questions 2')
    """
    bare = unicodedata.normalize("NFKC", name).casefold()
    return " ".join(_BRACKETS.sub("", bare).strip(_MARKS).replace("_", " ").split()) or bare.strip()
