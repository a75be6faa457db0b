"""A copy of a text in which spelling variants are one, and the way back to the original.

Full-width forms, odd spaces and invisible characters are folded away for recognising
commands; questions keep what was written, because folding also rewrites ① and ㎡.
"""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass
from functools import lru_cache

INVISIBLE = frozenset(
    [
        *map(chr, range(0x200B, 0x2010)),  # zero-width spaces and joiners, direction marks
        *map(chr, range(0x202A, 0x202F)),  # direction embeddings
        *map(chr, range(0x2060, 0x206A)),  # word joiner, invisible operators, direction isolates
        "\ufeff",
        "\ufe0e",
        "\ufe0f",
    ]
)


@dataclass(frozen=True, slots=True)
class Folded:
    """`text` for reading, `lower` for comparing (same length), both with plain blanks only."""

    original: str
    text: str
    lower: str
    origins: tuple[int, ...]

    def original_of(self, start: int, end: int) -> str:
        """The original behind a span of the copy, without blanks and invisible characters around it."""
        if start >= end:
            return ""
        last = self.origins[end - 1] + 1
        return strip(self.original[self.origins[start] : last])

    def after_blanks(self, start: int, end: int) -> int:
        while start < end and self.text[start] == " ":
            start += 1
        return start

    def before_blanks(self, start: int, end: int) -> int:
        while end > start and self.text[end - 1] == " ":
            end -= 1
        return end


def fold(text: str) -> Folded:
    pieces = [(piece, index) for index, character in enumerate(text) for piece in _fold(character)]
    folded = "".join(piece for piece, _ in pieces)
    return Folded(text, folded, "".join(map(_lower, folded)), tuple(index for _, index in pieces))


def strip(text: str) -> str:
    start, end = 0, len(text)
    while start < end and _is_blank(text[start]):
        start += 1
    while end > start and _is_blank(text[end - 1]):
        end -= 1
    return text[start:end]


def _is_blank(character: str) -> bool:
    return character.isspace() or character in INVISIBLE or character == "\0"


@lru_cache(maxsize=4096)
def _fold(character: str) -> str:
    if _is_blank(character):
        return " " if character.isspace() else ""
    return "".join(" " if part.isspace() else part for part in unicodedata.normalize("NFKC", character))


def _lower(character: str) -> str:
    lower = character.lower()
    return lower if len(lower) == 1 else character
