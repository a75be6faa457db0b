"""A vector for each entry, from the cheapest place that has it.

    the snapshot being served ─► the cache on disk ─► the model

Nothing here knows where entries come from or what becomes of the vectors.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from engine.batcher import Batcher
from engine.domain import Entry
from engine.snapshot import ModelIdentity, Snapshot, Vectors
from engine.vector_cache import VectorCache


@dataclass(frozen=True, slots=True)
class Progress:
    """How many of the texts that had to be embedded are, and how many a second it has been."""

    done: int
    total: int
    per_second: float | None = None


@dataclass(frozen=True, slots=True)
class Assembled:
    """A row for each entry; how many texts were embedded for it, and how many the cache knew."""

    vectors: Vectors
    embedded: int
    recalled: int


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
        entries: Sequence[Entry],
        served: Snapshot | None,
        model: ModelIdentity,
        tell: Callable[[Progress], None],
    ) -> Assembled:
        """The vectors of these entries under this model, which is the one `served` was made with.

        Raises:
            EncoderFailed: naming the texts that the model cannot encode.
            NotReady: the engine is stopping.
        """
        vectors = np.empty((len(entries), model.dimension), dtype=np.float32)
        known = {entry.text: row for row, entry in enumerate(served.entries)} if served else {}
        taken = np.array([known.get(entry.text, -1) for entry in entries], dtype=np.intp)
        if served:
            has = np.flatnonzero(taken >= 0)
            vectors[has] = served.vectors[taken[has]]
        places: dict[str, list[int]] = {}
        for place in np.flatnonzero(taken < 0).tolist():
            places.setdefault(entries[place].text, []).append(place)
        missing = list(places)
        recalled = self._cache.find(model, missing) if missing else {}
        for number, vector in recalled.items():
            vectors[places[missing[number]]] = vector
        new = [text for number, text in enumerate(missing) if number not in recalled]

        def put(text: str, vector: Vectors) -> None:
            vectors[places[text]] = vector

        self._embed(new, model, put, tell)
        return Assembled(vectors, embedded=len(new), recalled=len(recalled))

    def keep_what_leaves(
        self, served: Snapshot | None, entries: Sequence[Entry], model: ModelIdentity
    ) -> None:
        """Remember the vectors of what is served and will not be, for when it comes back."""
        if served is None:
            return
        stays = {entry.text for entry in entries} if served.model == model else set()
        rows = [row for row, entry in enumerate(served.entries) if entry.text not in stays]
        if rows:
            self._cache.keep(served.model, [served.entries[row].text for row in rows], served.vectors[rows])

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
