"""The passages of a long text: a vector of the whole says too little about any of them.

A text is long from `LONG_BYTES` on. It is cut where sentences end, and sentences go
together until a passage is full. Sizes are bytes of UTF-8, because a Chinese character
says about as much as three letters. How long a passage should be was measured:
`benchmarks/scoring.md`. Documents are cut by headings before; this is for what comes as
one entry and stays one.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

VERSION = 1  # to be raised with every change of what is cut where
LONG_BYTES = 480
PASSAGE_BYTES = 240

_MOST_BYTES_A_CHARACTER = 4
# A full stop ends a sentence where a blank follows, not in 3.5 or in an address.
_SENTENCE = re.compile(r"(?:[^。！？；!?;.\n]|\.(?=\S))+(?:[。！？；!?;\n]|\.(?!\S))*|[。！？；!?;.\n]+")
# What a sentence that is longer than a passage is made of: words, or 60 characters without a blank.
_WORDS = re.compile(r"\S{1,60}\s*|\s+")

Starts = NDArray[np.int64]


def passages_of(text: str) -> tuple[str, ...]:
    """Split a text of more than LONG_BYTES into passages of at most PASSAGE_BYTES (UTF-8); else ().

    >>> passages_of("Where is my parcel?")
    ()
    """
    is_long = len(text) * _MOST_BYTES_A_CHARACTER > LONG_BYTES and len(text.encode()) > LONG_BYTES
    return tuple(filter(_says_something, _together(_units(text)))) if is_long else ()


def passages_of_all(texts: Sequence[str]) -> tuple[list[str], Starts]:
    """The passages of all these texts, and where those of each start; one more at the end."""
    found: list[str] = []
    starts = np.zeros(len(texts) + 1, np.int64)
    for row, text in enumerate(texts):
        found.extend(passages_of(text))
        starts[row + 1] = len(found)
    return found, starts


def _says_something(passage: str) -> bool:
    return any(map(str.isalnum, passage))


def _units(text: str) -> Iterator[str]:
    for sentence in _SENTENCE.findall(text):
        if len(sentence.encode()) <= PASSAGE_BYTES:
            yield sentence
        else:
            yield from _WORDS.findall(sentence)


def _together(units: Iterator[str]) -> Iterator[str]:
    passage, size = "", 0
    for unit in units:
        more = len(unit.encode())
        if passage.strip() and size + more > PASSAGE_BYTES:
            yield passage.strip()
            passage, size = "", 0
        passage += unit
        size += more
    if passage.strip():
        yield passage.strip()
