"""A knowledge base at one moment: its entries, a unit vector for each, and the search over them.

A snapshot never changes. Whoever holds one may go on asking it while newer ones are
published. Nothing here knows how it is stored or which model made the vectors.

What a cosine is: `engine.index.scan.score`. What becomes of it and of keywords: `engine.index.scoring`.
A score is a double-precision number and is compared, shown and stored as it was computed;
it does not depend on how many entries or questions are looked at together, so a score can
be set as a threshold and finds its entry again.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

import numpy as np
from numpy.typing import NDArray

from engine.domain import Dropped, EncoderFailed, Entry, Match
from engine.index.entry_table import StoredEntries
from engine.index.exact_texts import SameTexts
from engine.index.keywords import Keywords
from engine.index.passage_splitter import passages_of
from engine.index.scan import (
    BestPassage,
    Compressed,
    Passages,
    RowSearch,
    Scan,
    Scanner,
    Search,
)
from engine.index.scoring import (
    Asked,
    Matched,
    Scored,
    Scoring,
    matched,
)

Vectors = NDArray[np.float32]

UNIT_TOLERANCE = 1e-3


@dataclass(frozen=True, slots=True)
class ModelIdentity:
    """Which model made a vector, and under which settings. Only equal fingerprints may be compared."""

    name: str
    dimension: int
    fingerprint: str
    settings: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Ask:
    """One question, and how much of the answer it wants to see."""

    text: str
    vector: Vectors
    threshold: float
    limit: int
    offset: int = 0
    keep: int = 0
    keyword_weight: float = 0.0
    scoring: Scoring = "cosine"


@dataclass(frozen=True, slots=True)
class Found:
    """The page of matches that was asked for, and what was counted on the way."""

    matches: tuple[Match, ...]
    total: int
    best_score: float | None
    scores: tuple[tuple[str, float], ...]


@dataclass(frozen=True, slots=True)
class Before:
    """An older snapshot of the same model, and for each new row the old one with the same text, or -1."""

    snapshot: Snapshot
    rows: NDArray[np.intp]


@dataclass(frozen=True)
class Snapshot:
    """Entries in the order of their ids, and row by row their vectors.

    `created` is when it was made, `confirmed` when the sources were last found to say
    the same. `same_texts` finds rows by their texts, `scan` by their vectors, `keywords` by
    their words, and `passages` holds the vectors of what long entries are cut into, None when no
    entry is long. Use `of` to make one: it sorts, checks, takes
    the vectors over and makes what is missing.
    """

    id: str
    knowledge_base: str
    created: datetime
    confirmed: datetime
    model: ModelIdentity
    entries: StoredEntries
    vectors: Vectors
    same_texts: SameTexts = field(repr=False, compare=False)
    scan: RowSearch = field(repr=False, compare=False)
    keywords: Keywords = field(repr=False, compare=False)
    passages: Passages | None = field(default=None, repr=False, compare=False)
    read: int = 0
    dropped: tuple[Dropped, ...] = ()

    @classmethod
    def of(
        cls,
        *,
        id: str,  # noqa: A002 - the field's name
        knowledge_base: str,
        created: datetime,
        model: ModelIdentity,
        entries: Sequence[Entry],
        vectors: Vectors,
        read: int = 0,
        dropped: tuple[Dropped, ...] = (),
        passages: Passages | None = None,
        before: Before | None = None,
        scanner: Scanner = Scan.over,
    ) -> Snapshot:
        """Sort by id, check every vector, and freeze. StoredEntries are sorted already.

        `passages` are those of the entries in the order of their ids. What searches is made anew
        only for the rows that are not from `before`.

        Raises:
            EncoderFailed: a vector is not finite, not of unit length or not of the model's width.
            ValueError: two entries have one id, or there are not as many vectors as entries.
        """
        if len(entries) != len(vectors):
            raise ValueError(f"{len(entries)} entries with {len(vectors)} vectors")
        rows = checked(vectors, model.dimension)
        if passages:
            checked(passages.vectors, model.dimension)
        if isinstance(entries, StoredEntries):
            ordered = entries
        else:
            ordered, rows = _in_order(entries, rows)
        rows = np.ascontiguousarray(rows)
        rows.flags.writeable = False
        compressed, keywords, same_texts = _what_searches(ordered, rows, before)
        return cls(
            id=id,
            knowledge_base=knowledge_base,
            created=created,
            confirmed=created,
            model=model,
            entries=ordered,
            vectors=rows,
            same_texts=same_texts,
            scan=scanner(rows, compressed),
            keywords=keywords,
            passages=passages,
            read=read,
            dropped=dropped,
        )

    @property
    def size(self) -> int:
        return len(self.entries)

    @property
    def search(self) -> Search:
        """What finds entries by their vectors."""
        return BestPassage(self.scan, self.passages) if self.passages else self.scan

    def scanned_by(self, scanner: Scanner) -> Snapshot:
        """The same, searched in another way."""
        return replace(
            self,
            scan=scanner(self.vectors, self.scan.compressed),
            passages=self.passages.scanned_by(scanner) if self.passages else None,
        )

    def embedded_passages(self) -> Iterator[tuple[str, Vectors]]:
        """Every passage and its vector."""
        if self.passages:
            long = np.flatnonzero(np.diff(self.passages.starts)).tolist()
            texts = (passage for row in long for passage in passages_of(self.entries[row].text))
            yield from zip(texts, self.passages.vectors, strict=True)

    def matches(
        self,
        text: str,
        vector: Vectors,
        *,
        threshold: float,
        limit: int,
        offset: int = 0,
        keep: int = 0,
        keyword_weight: float = 0.0,
        scoring: Scoring = "cosine",
    ) -> Found:
        """Every entry at or above `threshold`, best first, equal scores in the order of their ids.

        `text` is the question as it was asked: entries that say the same, letter for
        letter after NFKC and trimming, score exactly 1.
        """
        ask = Ask(text, vector, threshold, limit, offset, keep, keyword_weight, scoring)
        return self.answers([ask])[0]

    def answers(self, asks: Sequence[Ask]) -> list[Found]:
        """As `matches`, for all of these from one pass over the vectors."""
        if not self.size:
            return [Found((), 0, None, ())] * len(asks)
        asked = [
            Asked(
                text=ask.text,
                vector=ask.vector,
                threshold=ask.threshold,
                first=ask.offset + ask.limit,
                keep=ask.keep,
                same=self.same_texts.rows(ask.text, lambda row: self.entries[row].text),
                keyword_weight=ask.keyword_weight,
                scoring=ask.scoring,
            )
            for ask in asks
        ]
        found = matched(self.search, self.keywords, asked)
        return [self._found(ask, each) for ask, each in zip(asks, found, strict=True)]

    def _found(self, ask: Ask, found: Matched) -> Found:
        best = list(zip(found.best.rows.tolist(), found.best.scores.tolist(), strict=True))
        return Found(
            matches=tuple(
                self._match(found.hits, place) for place in range(ask.offset, len(found.hits.rows))
            ),
            total=found.total,
            best_score=best[0][1],
            scores=tuple((self.entries[row].id, score) for row, score in best[: ask.keep]),
        )

    def _match(self, hits: Scored, place: int) -> Match:
        return Match(
            rank=place + 1,
            entry=self.entries[hits.rows[place]],
            score=float(hits.scores[place]),
            cosine=float(hits.cosines[place]),
            keyword=float(hits.keywords[place]),
            ranking=float(hits.rankings[place]),
        )


def _what_searches(
    entries: StoredEntries, vectors: Vectors, before: Before | None
) -> tuple[Compressed | None, Keywords, SameTexts]:
    if before is None:
        texts = [entry.text for entry in entries]
        return None, Keywords.of(texts), SameTexts.of(texts)

    def text_of(row: int) -> str:
        return entries[row].text

    old = before.snapshot
    # Keywords first: what they take for a while is more than the compressed copy takes for good.
    keywords = old.keywords.carried(before.rows, text_of)
    same_texts = old.same_texts.carried(before.rows, text_of)
    compressed = old.scan.compressed
    return compressed.carried(before.rows, vectors) if compressed else None, keywords, same_texts


def _in_order(entries: Sequence[Entry], rows: Vectors) -> tuple[StoredEntries, Vectors]:
    ids = [entry.id for entry in entries]
    if len(set(ids)) != len(ids):
        raise ValueError("two entries have the same id")
    order = sorted(range(len(ids)), key=ids.__getitem__)
    ordered = StoredEntries.of([entries[row] for row in order])
    return ordered, rows if order == list(range(len(ids))) else rows[order]


def checked(vectors: Vectors, dimension: int) -> Vectors:
    """These vectors, proven finite, of unit length and of this width.

    Raises:
        EncoderFailed: saying what is wrong with which row.
    """
    if vectors.ndim != 2 or vectors.shape[1] != dimension:  # noqa: PLR2004 - rows and columns
        raise EncoderFailed(f"the model gave vectors of shape {vectors.shape}, wanted a width of {dimension}")
    if vectors.dtype != np.float32:
        raise EncoderFailed(f"the model gave vectors of type {vectors.dtype}, wanted float32")
    lengths = np.sqrt(np.einsum("ij,ij->i", vectors, vectors))
    wrong = np.flatnonzero(~(np.abs(lengths - 1.0) <= UNIT_TOLERANCE))
    if len(wrong):
        row = int(wrong[0])
        raise EncoderFailed(
            f"the model gave a vector of length {lengths[row]:.4f} for text {row + 1}, wanted 1"
        )
    return vectors
