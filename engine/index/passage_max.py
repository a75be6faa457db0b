"""Texts by their best passage: a text's score is that of the whole of it or of a passage of it.

    score(text) = max(score(its row), score(each of its passages' rows))

Rows here are texts: first those that have a row of their own, the entries' own, and then
their other wordings, whose whole text stands among the passages as the first of them. What is
said of an entry below holds for each. Why none is lost: every passage at or above the threshold is found,
and of those below it enough that the best `keep` entries are among them: an entry has at
most `most` passages, so above the K-th best entry there are fewer than K * most of them, none of
which has to be below the K-th best of the whole texts alone.
An entry whose whole text is its best is among the entries that the whole texts alone
would have given, because what is above it there is above it here.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from engine.index.protocol import RowSearch, Search, SearchSpec, TopRows
from engine.index.score import Floats, Rows, Scores

_TAKEN = 4096  # vectors read at a time: 8 MB of 512 numbers each


@dataclass(frozen=True, eq=False)
class Passages:
    """Passages, those of text i from `starts[i]` to `starts[i + 1]`, and the search over their vectors.

    `text_of` says whose each is; no text has more than `most`. The other wordings of entry i
    are the texts from `extra_starts[i]` to `extra_starts[i + 1]`, counted after the entries'
    own; None: there are none. Make one with `of`.
    """

    starts: NDArray[np.int64]
    scan: RowSearch
    text_of: NDArray[np.int64]
    most: int
    extra_starts: NDArray[np.int64] | None = None

    @classmethod
    def of(
        cls, starts: NDArray[np.int64], scan: RowSearch, extra_starts: NDArray[np.int64] | None = None
    ) -> Self:
        """The passages whose vectors `scan` holds.

        Raises:
            ValueError: starts that do not ascend from 0 to the number of vectors.
        """
        if starts[0] != 0 or starts[-1] != len(scan) or (np.diff(starts) < 0).any():
            raise ValueError(f"the starts of passages do not fit to {len(scan)} vectors")
        if extra_starts is not None and len(extra_starts) - 1 + extra_starts[-1] != len(starts) - 1:
            raise ValueError(f"the starts of wordings do not fit to {len(starts) - 1} texts")
        counts = np.diff(starts)
        text_of = np.repeat(np.arange(len(counts)), counts)
        return cls(starts, scan, text_of, int(counts.max(initial=0)), extra_starts)

    @property
    def entries(self) -> int:
        """The number of texts with a row of their own."""
        return len(self.starts if self.extra_starts is None else self.extra_starts) - 1

    @cached_property
    def entry_of(self) -> NDArray[np.int64] | None:
        """The entry of each text; None where each entry has only its own."""
        if self.extra_starts is None:
            return None
        own = np.arange(self.entries)
        return np.append(own, np.repeat(own, np.diff(self.extra_starts)))

    def arrays(self) -> dict[str, NDArray[Any]]:
        """The arrays to be stored, by name."""
        extra_starts = {} if self.extra_starts is None else {"extra_starts": self.extra_starts}
        return {"starts": self.starts, **extra_starts, **self.scan.arrays()}

    @classmethod
    def from_arrays(
        cls,
        arrays: Mapping[str, NDArray[Any]],
        entries: int,
        open_rows: Callable[[Mapping[str, NDArray[Any]], int], RowSearch],
    ) -> Self:
        """Built from what `arrays` gave, for this many entries; `open_rows` makes so many rows searched.

        Raises:
            KeyError, ValueError: something is missing, or does not fit together.
        """
        starts, extra_starts = arrays["starts"], arrays.get("extra_starts")
        fitting = starts if extra_starts is None else extra_starts
        if fitting.shape != (entries + 1,):
            raise ValueError(f"passages of {len(fitting) - 1} entries, wanted {entries}")
        return cls.of(starts, open_rows(arrays, int(starts[-1])), extra_starts)

    def take(self, start: int, stop: int) -> Iterator[Floats]:
        """The vectors of these passages, one after the other."""
        for first in range(start, stop, _TAKEN):
            yield from self.scan.take(np.arange(first, min(first + _TAKEN, stop)))


class BestPassage:
    """A search in which an entry scores by the best of its text, its passages and its other wordings."""

    def __init__(self, whole: Search, passages: Passages) -> None:
        self._whole = whole
        self._passages = passages

    def search(self, questions: Floats, wanted: Sequence[SearchSpec]) -> list[TopRows]:
        whole = self._whole.search(questions, list(map(self._of_whole, wanted)))
        parts = self._passages.scan.search(questions, list(map(self._of_parts, wanted, whole)))
        return [
            self._merge(question, want, near, part)
            for question, want, near, part in zip(questions, wanted, whole, parts, strict=True)
        ]

    def scores(self, rows: Rows, question: Floats) -> Scores:
        """The scores of these texts for one question."""
        best = self._whole_scores(rows, question)
        starts = self._passages.starts[rows]
        counts = self._passages.starts[rows + 1] - starts
        places = np.repeat(np.arange(len(rows)), counts)
        first = np.cumsum(counts) - counts
        passages = starts[places] + np.arange(len(places)) - first[places]
        np.maximum.at(best, places, self._passages.scan.scores(passages, question))
        return best

    def best_passage(self, row: int, question: Floats) -> int | None:
        """The index of this text's nearest passage; None when the whole text is nearer to the question."""
        start, stop = self._passages.starts[row], self._passages.starts[row + 1]
        scores = self._passages.scan.scores(np.arange(start, stop), question)
        if row < self._passages.entries:
            scores = np.append(self._whole.scores(np.array([row]), question), scores)
        best = int(np.argmax(scores))
        return best - 1 if best else None

    def _of_whole(self, want: SearchSpec) -> SearchSpec:
        own = tuple(row for row in want.exact_rows if row < self._passages.entries)
        return want if own == want.exact_rows else replace(want, exact_rows=own)

    def _of_parts(self, want: SearchSpec, whole: TopRows) -> SearchSpec:
        """A passage below the last of the best whole texts lifts no text among the best."""
        others = (row for row in want.exact_rows if row >= self._passages.entries)
        exact_rows = tuple(int(self._passages.starts[row]) for row in others)
        has_enough = 0 < want.top_k <= len(whole.scores)
        floor = float(whole.scores[want.top_k - 1]) if has_enough else -math.inf
        top_k = want.top_k * self._passages.most
        return SearchSpec(want.threshold, top_k=top_k, exact_rows=exact_rows, floor=floor)

    def _whole_scores(self, rows: Rows, question: Floats) -> Scores:
        """The scores of whole texts with a row of their own; -inf for those that stand among the passages."""
        scores = np.full(len(rows), -math.inf)
        own = rows < self._passages.entries
        scores[own] = self._whole.scores(rows[own], question)
        return scores

    def _merge(self, question: Floats, want: SearchSpec, near: TopRows, part: TopRows) -> TopRows:
        # The passages come best first, so the first of a text is its best.
        texts, first = np.unique(self._passages.text_of[part.rows], return_index=True)
        own = self._whole_scores(texts, question)
        own[np.isin(texts, want.exact_rows) & (texts < self._passages.entries)] = 1.0
        best = np.maximum(own, part.scores[first])
        total = near.total + int(np.count_nonzero((best >= want.threshold) & (own < want.threshold)))
        rest = ~np.isin(near.rows, texts)
        rows = np.append(texts, near.rows[rest])
        scores = np.append(best, near.scores[rest])
        order = np.lexsort((rows, -scores))[: want.length(total, len(self._passages.starts) - 1)]
        return TopRows(total, rows[order], scores[order])
