"""A knowledge base at one moment: its entries, a unit vector for each, and the search over them.

A snapshot never changes. Whoever holds one may go on asking it while newer ones are
published. Nothing here knows how it is stored or which model made the vectors.

What a score is: the cosine of two unit vectors, summed in double precision and rounded
to single precision. It depends on the two vectors alone, not on how many entries or
questions are looked at together, so a score can be used as a threshold and will find its
entry again. A single-precision pass over the whole matrix finds the few entries that can
matter; its rounding error has a bound, and everything within the bound is scored again.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import numpy as np
from numpy.typing import NDArray

from engine.domain import Dropped, EncoderFailed, Entry, Match

Vectors = NDArray[np.float32]

UNIT_TOLERANCE = 1e-3
_HALF_ULP = 2.0**-24  # of a float32 near 1
_PIECE = 8192  # rows scored again at a time: 8192 x 2560 doubles are 168 MB at most


@dataclass(frozen=True, slots=True)
class ModelIdentity:
    """Which model made a vector, and under which settings. Only equal fingerprints may be compared."""

    name: str
    dimension: int
    fingerprint: str
    settings: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Found:
    """The page of matches that was asked for, and what was counted on the way."""

    matches: tuple[Match, ...]
    total: int
    best_score: float | None
    scores: tuple[tuple[str, float], ...]


@dataclass(frozen=True)
class Snapshot:
    """Entries in the order of their ids, and row by row their vectors.

    `created` is when it was made, `confirmed` when the sources were last found to say
    the same. `same_texts` are the rows of each text, as `folded` sees it. Use `of` to make
    one: it sorts, checks and takes the vectors over.
    """

    id: str
    knowledge_base: str
    created: datetime
    confirmed: datetime
    model: ModelIdentity
    entries: Sequence[Entry]
    vectors: Vectors
    same_texts: Mapping[str, tuple[int, ...]] = field(repr=False, compare=False)
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
    ) -> Snapshot:
        """Sort by id, check every vector, and freeze.

        Raises:
            EncoderFailed: a vector is not finite, not of unit length or not of the model's width.
            ValueError: two entries have one id, or there are not as many vectors as entries.
        """
        if len(entries) != len(vectors):
            raise ValueError(f"{len(entries)} entries with {len(vectors)} vectors")
        ids = [entry.id for entry in entries]
        if len(set(ids)) != len(ids):
            raise ValueError("two entries have the same id")
        rows = checked(vectors, model.dimension)
        order = sorted(range(len(ids)), key=ids.__getitem__)
        if order != list(range(len(ids))):
            rows = rows[order]
        rows = np.ascontiguousarray(rows)
        rows.flags.writeable = False
        ordered = tuple(entries[row] for row in order)
        return cls(
            id=id,
            knowledge_base=knowledge_base,
            created=created,
            confirmed=created,
            model=model,
            entries=ordered,
            vectors=rows,
            same_texts=_rows_by_text(ordered),
            read=read,
            dropped=dropped,
        )

    @property
    def size(self) -> int:
        return len(self.entries)

    def matches(
        self, text: str, vector: Vectors, *, threshold: float, limit: int, offset: int = 0, keep: int = 0
    ) -> Found:
        """Every entry at or above `threshold`, best first, equal scores in the order of their ids.

        `text` is the question as it was asked: entries that say the same, letter for
        letter after NFKC and trimming, score exactly 1.
        """
        if not self.size:
            return Found((), 0, None, ())
        rough = self.vectors @ vector
        margin = _rounding_bound(self.model.dimension)
        same = self.same_texts.get(folded(text), ())
        rough[list(same)] = 1.0

        total = self._count(rough, vector, threshold, margin, same)
        wanted = min(self.size, max(1, keep, min(offset + limit, total)))
        rows, scores = self._best(rough, vector, wanted, margin, same)
        return Found(
            matches=tuple(
                Match(rank=place + 1, entry=self.entries[rows[place]], score=float(scores[place]))
                for place in range(offset, min(offset + limit, total))
            ),
            total=total,
            best_score=float(scores[0]),
            scores=tuple(
                (self.entries[row].id, float(score))
                for row, score in zip(rows[:keep], scores[:keep], strict=True)
            ),
        )

    def _count(
        self, rough: Vectors, vector: Vectors, threshold: float, margin: float, same: tuple[int, ...]
    ) -> int:
        """How many scores are at or above the threshold; only those close to it are computed."""
        surely = int(np.count_nonzero(rough >= threshold + margin))
        near = np.flatnonzero((rough >= threshold - margin) & (rough < threshold + margin))
        # In double precision: numpy would round the threshold to the scores' own precision.
        scores = self._scores(near, vector, same).astype(np.float64)
        return surely + int(np.count_nonzero(scores >= threshold))

    def _best(
        self, rough: Vectors, vector: Vectors, wanted: int, margin: float, same: tuple[int, ...]
    ) -> tuple[NDArray[np.intp], Vectors]:
        """The `wanted` best rows and their scores. Rows are in the order of ids, so ties are too."""
        last = np.partition(rough, self.size - wanted)[self.size - wanted]
        rows = np.flatnonzero(rough >= last - 2 * margin)
        scores = self._scores(rows, vector, same)
        order = np.argsort(-scores, kind="stable")[:wanted]
        return rows[order], scores[order]

    def _scores(self, rows: NDArray[np.intp], vector: Vectors, same: tuple[int, ...]) -> Vectors:
        """The scores of these rows, as defined at the head of this module."""
        wide = vector.astype(np.float64)
        scores = np.empty(len(rows), dtype=np.float32)
        for start in range(0, len(rows), _PIECE):
            piece = rows[start : start + _PIECE]
            products = self.vectors[piece].astype(np.float64) * wide
            scores[start : start + _PIECE] = products.sum(axis=1)
        np.clip(scores, -1.0, 1.0, out=scores)
        if same:
            scores[np.isin(rows, same)] = 1.0
        return scores


def folded(text: str) -> str:
    """What two texts have in common when they count as the same."""
    return unicodedata.normalize("NFKC", text).strip()


def _rows_by_text(entries: Sequence[Entry]) -> Mapping[str, tuple[int, ...]]:
    rows: dict[str, tuple[int, ...]] = {}
    for row, entry in enumerate(entries):
        key = folded(entry.text)
        rows[key] = (*rows.get(key, ()), row)
    return rows


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


def _rounding_bound(dimension: int) -> float:
    """How far a single-precision product of two unit vectors can be from their score, in whatever order."""
    steps = (dimension + 8) * _HALF_ULP  # 8: the rounding of the score and of the threshold, and slack
    return steps / (1 - steps) * (1 + UNIT_TOLERANCE) ** 2
