"""The parts an entry is found by beside its own text: the passages of it, its other wordings, its answer.

    the entries' own texts      0 … n-1         a vector each, and the passages of the long ones
    what else they say          n …             entry by entry: the wordings, then the answer where
                                                answers are searched; each with its own passages

Nothing here knows vectors.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from engine.domain import Entry
from engine.index.passage_splitter import passages_of

Starts = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Parts:
    """The texts that get a vector of their own, beside the entries' own texts.

    Those of text i are from `starts[i]` to `starts[i + 1]`. `extra_starts` is None when no
    entry says anything else than its text.
    """

    texts: Sequence[str]
    starts: Starts
    extra_starts: Starts | None


def extras_of(entry: Entry, *, answers: bool) -> tuple[str, ...]:
    """The other texts that an entry is found by, in a fixed order."""
    if answers and entry.answer and any(map(str.isalnum, entry.answer)):
        return (*entry.wordings, entry.answer)
    return entry.wordings


def parts_of_all(entries: Iterable[Entry], *, answers: bool = False) -> Parts:
    """The parts of all these, in their order."""
    passages: list[str] = []
    extras: list[str] = []
    starts, extra_starts, after = [0], [0], []
    for entry in entries:
        passages.extend(passages_of(entry.text))
        starts.append(len(passages))
        for text in extras_of(entry, answers=answers):
            extras.extend(parts_of_extra(text))
            after.append(len(extras))
        extra_starts.append(len(after))
    all_starts = np.array([*starts, *(len(passages) + each for each in after)], np.int64)
    return Parts([*passages, *extras], all_starts, np.array(extra_starts, np.int64) if after else None)


def parts_of_extra(text: str) -> Iterator[str]:
    """The whole of it, and its passages."""
    yield text
    yield from passages_of(text)
