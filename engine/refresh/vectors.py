"""A vector for each text, from the cheapest place that has it.

    the snapshot being served ─► the cache on disk ─► the model

Nothing here knows where texts come from or what becomes of the vectors.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from engine.encoder.batcher import Batcher
from engine.index.entry_table import Compared, StoredEntries
from engine.index.protocol import RowSearch
from engine.index.snapshot import ModelIdentity, Snapshot, Vectors
from engine.storage.vector_cache import VectorCache

_COPIED = 16_384  # rows at a time: 34 MB of 512 numbers each


@dataclass(frozen=True, slots=True)
class Progress:
    """The progress of embedding: texts done of all that need it, and texts a second so far."""

    done: int
    total: int
    per_second: float | None = None


@dataclass(frozen=True, slots=True)
class Assembled:
    """A row for each entry, then one for each passage; how many were embedded, and how many the cache knew.

    `compared` says what is new since what was served.
    """

    vectors: Vectors
    compared: Compared
    embedded: int
    recalled: int

    @property
    def rows_before(self) -> NDArray[np.intp]:
        """The rows of what was served that have the texts of these entries; -1 for other texts."""
        return self.compared.rows


class Assembly:
    """Brings vectors together for the refresher, in its thread.

    What is embedded goes into the cache as it comes, so a pass that is cut off is not lost.
    """

    def __init__(
        self, batcher: Batcher, cache: VectorCache, *, steady: Callable[[], float] = time.monotonic
    ) -> None:
        self._batcher = batcher
        self._cache = cache
        self._steady = steady

    def vectors_of(
        self,
        entries: StoredEntries,
        passages: Sequence[str],
        served: Snapshot | None,
        model: ModelIdentity,
        tell: Callable[[Progress], None],
    ) -> Assembled:
        """The vectors of these texts under this model, which is the one `served` was made with.

        Raises:
            EncoderFailed: naming the texts that the model cannot encode.
            NotReady: the engine is stopping.
        """
        vectors = np.empty((len(entries) + len(passages), model.dimension), dtype=np.float32)
        compared = Compared(np.full(len(entries), -1, np.intp), len(entries), 0, 0)
        if served:
            compared = entries.compared_with(served.entries)
            _copy(served.scan, compared.rows, vectors)
        before = compared.rows
        places: dict[str, list[int]] = {}
        for place in np.flatnonzero(before < 0).tolist():
            places.setdefault(entries[place].text, []).append(place)
        for place, passage in enumerate(passages, len(entries)):
            places.setdefault(passage, []).append(place)
        for passage, vector in served.embedded_passages() if served else ():
            if passage in places:
                vectors[places.pop(passage)] = vector
        missing = list(places)
        recalled = self._cache.find(model, missing) if missing else {}
        for number, vector in recalled.items():
            vectors[places[missing[number]]] = vector
        new = [text for number, text in enumerate(missing) if number not in recalled]

        def put(text: str, vector: Vectors) -> None:
            vectors[places[text]] = vector

        self._embed(new, model, put, tell)
        return Assembled(vectors, compared, embedded=len(new), recalled=len(recalled))

    def keep_what_leaves(
        self, served: Snapshot, rows_before: NDArray[np.intp], passages: Collection[str]
    ) -> None:
        """Remember the vectors of what is served and will not be, for when it comes back.

        What stays are these rows of it and these passages.
        """
        leaves = np.ones(served.size, dtype=bool)
        leaves[rows_before[rows_before >= 0]] = False
        rows = np.flatnonzero(leaves)
        if len(rows):
            texts = [served.entries[row].text for row in rows.tolist()]
            self._cache.keep(served.model, texts, served.scan.take(rows))
        stays = set(passages)
        gone = {passage: vector for passage, vector in served.embedded_passages() if passage not in stays}
        if gone:
            self._cache.keep(served.model, list(gone), np.stack(list(gone.values())))

    def _embed(
        self,
        texts: Sequence[str],
        model: ModelIdentity,
        put: Callable[[str, Vectors], None],
        tell: Callable[[Progress], None],
    ) -> None:
        began, done = self._steady(), 0
        tell(Progress(0, len(texts)))
        with self._cache.gathering(model, self._steady) as remember:
            for places, vectors in self._batcher.encode_in_pieces(texts):
                piece = [texts[place] for place in places]
                for text, vector in zip(piece, vectors, strict=True):
                    put(text, vector)
                remember(piece, vectors)
                done += len(piece)
                seconds = self._steady() - began
                tell(Progress(done, len(texts), round(done / seconds, 1) if seconds > 0 else None))


def _copy(served: RowSearch, rows: NDArray[np.intp], into: Vectors) -> None:
    """Take these rows over, where they are not -1."""
    for start in range(0, len(rows), _COPIED):
        piece = rows[start : start + _COPIED]
        places = np.flatnonzero(piece >= 0)
        into[start + places] = served.take(piece[places])
