"""A vector for each text, from the cheapest place that has it.

    the snapshot being served ─► the cache on disk ─► the model

Nothing here knows where texts come from or what becomes of the vectors.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from engine.batcher import Batcher
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
    """A row for each text; how many were embedded for it, and how many the cache knew."""

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
        texts: Sequence[str],
        served: Snapshot | None,
        model: ModelIdentity,
        tell: Callable[[Progress], None],
    ) -> Assembled:
        """The vectors of these texts under this model, which is the one `served` was made with.

        Raises:
            EncoderFailed: naming the texts that the model cannot encode.
            NotReady: the engine is stopping.
        """
        vectors = np.empty((len(texts), model.dimension), dtype=np.float32)
        is_known = np.zeros(len(texts), dtype=np.bool_)
        for there, rows in served.embedded() if served else ():
            row_of = {text: row for row, text in enumerate(there)}
            taken = np.array([row_of.get(text, -1) for text in texts], dtype=np.intp)
            has = np.flatnonzero(taken >= 0)
            vectors[has] = rows[taken[has]]
            is_known[has] = True
        places: dict[str, list[int]] = {}
        for place in np.flatnonzero(~is_known).tolist():
            places.setdefault(texts[place], []).append(place)
        missing = list(places)
        recalled = self._cache.find(model, missing) if missing else {}
        for number, vector in recalled.items():
            vectors[places[missing[number]]] = vector
        new = [text for number, text in enumerate(missing) if number not in recalled]

        def put(text: str, vector: Vectors) -> None:
            vectors[places[text]] = vector

        self._embed(new, model, put, tell)
        return Assembled(vectors, embedded=len(new), recalled=len(recalled))

    def keep_what_leaves(self, served: Snapshot | None, texts: Sequence[str], model: ModelIdentity) -> None:
        """Remember the vectors of what is served and will not be, for when it comes back."""
        if served is None:
            return
        stays = set(texts) if served.model == model else set()
        for there, vectors in served.embedded():
            rows = [row for row, text in enumerate(there) if text not in stays]
            if rows:
                self._cache.keep(served.model, [there[row] for row in rows], vectors[rows])

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
