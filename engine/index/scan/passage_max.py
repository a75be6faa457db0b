"""Long entries by their best passage: an entry's score is that of its whole text or of a passage of it.

    score(entry) = max(score(its row), score(each of its passages' rows))

Rows here are entries. Why none is lost: every passage at or above the threshold is found,
and of those below it enough that the best `keep` entries are among them: an entry has at
most `most` passages, so above the K-th best entry there are fewer than K * most of them.
An entry whose whole text is its best is among the entries that the whole texts alone
would have given, because what is above it there is above it here.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from engine.index.scan.cpu_scan import Scan
from engine.index.scan.int8_copy import Compressed
from engine.index.scan.protocol import RowSearch, Scanner, Search
from engine.index.scan.ranking import Ranked, Wanted
from engine.index.scan.score import Floats, Rows, Scores


@dataclass(frozen=True, eq=False)
class Passages:
    """Vectors of passages, those of entry i from `starts[i]` to `starts[i + 1]`, and the search over them.

    `entry_of` says whose each is; no entry has more than `most`. Make one with `of`.
    """

    starts: NDArray[np.int64]
    vectors: Floats
    scan: RowSearch
    entry_of: NDArray[np.int64]
    most: int

    @classmethod
    def of(
        cls,
        starts: NDArray[np.int64],
        vectors: Floats,
        compressed: Compressed | None = None,
        *,
        scanner: Scanner = Scan.over,
    ) -> Self:
        """Take the vectors over.

        Raises:
            ValueError: starts that do not ascend from 0 to the number of vectors.
        """
        if starts[0] != 0 or starts[-1] != len(vectors) or (np.diff(starts) < 0).any():
            raise ValueError(f"the starts of passages do not fit to {len(vectors)} vectors")
        rows = np.ascontiguousarray(vectors)
        rows.flags.writeable = False
        counts = np.diff(starts)
        entry_of = np.repeat(np.arange(len(counts)), counts)
        return cls(starts, rows, scanner(rows, compressed), entry_of, int(counts.max(initial=0)))

    def arrays(self) -> dict[str, NDArray[Any]]:
        """What has to be stored, by name."""
        compressed = self.scan.compressed
        return {
            "starts": self.starts,
            "vectors": self.vectors,
            **(compressed.arrays() if compressed else {}),
        }

    @classmethod
    def from_arrays(
        cls, arrays: Mapping[str, NDArray[Any]], entries: int, *, scanner: Scanner = Scan.over
    ) -> Self:
        """What `arrays` gave, for this many entries.

        Raises:
            KeyError, ValueError: something is missing, or does not fit together.
        """
        starts, vectors = arrays["starts"], arrays["vectors"]
        if starts.shape != (entries + 1,):
            raise ValueError(f"passages of {len(starts) - 1} entries, wanted {entries}")
        compressed = Compressed.from_arrays(arrays, vectors.shape) if "int8_rows" in arrays else None
        return cls.of(starts, vectors, compressed, scanner=scanner)

    def scanned_by(self, scanner: Scanner) -> Self:
        """The same, searched in another way."""
        return replace(self, scan=scanner(self.vectors, self.scan.compressed))


class BestPassage:
    """As a `Scan` over the entries' whole texts, with the passages counted in."""

    def __init__(self, whole: Search, passages: Passages) -> None:
        self._whole = whole
        self._passages = passages

    def search(self, questions: Floats, wanted: Sequence[Wanted]) -> list[Ranked]:
        whole = self._whole.search(questions, wanted)
        parts = self._passages.scan.search(
            questions, [Wanted(want.threshold, keep=want.keep * self._passages.most) for want in wanted]
        )
        return [
            self._merged(question, want, near, part)
            for question, want, near, part in zip(questions, wanted, whole, parts, strict=True)
        ]

    def scores(self, rows: Rows, question: Floats) -> Scores:
        """The scores of these entries for one question."""
        best = self._whole.scores(rows, question)
        starts = self._passages.starts[rows]
        counts = self._passages.starts[rows + 1] - starts
        places = np.repeat(np.arange(len(rows)), counts)
        first = np.cumsum(counts) - counts
        passages = starts[places] + np.arange(len(places)) - first[places]
        np.maximum.at(best, places, self._passages.scan.scores(passages, question))
        return best

    def _merged(self, question: Floats, want: Wanted, near: Ranked, part: Ranked) -> Ranked:
        # The passages come best first, so the first of an entry is its best.
        entries, first = np.unique(self._passages.entry_of[part.rows], return_index=True)
        own = self._whole.scores(entries, question)
        own[np.isin(entries, want.certain)] = 1.0
        best = np.maximum(own, part.scores[first])
        total = near.total + int(np.count_nonzero((best >= want.threshold) & (own < want.threshold)))
        rest = ~np.isin(near.rows, entries)
        rows = np.append(entries, near.rows[rest])
        scores = np.append(best, near.scores[rest])
        order = np.lexsort((rows, -scores))[: want.length(total, len(self._passages.starts) - 1)]
        return Ranked(total, rows[order], scores[order])
