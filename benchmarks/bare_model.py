"""The bundled model alone, in one process or several: what the engine's rates are held against."""

from __future__ import annotations

import multiprocessing
import time
from collections.abc import Iterator, Sequence
from itertools import islice
from types import TracebackType
from typing import Self

from engine.config import Model
from engine.encoder.bundled import BundledEncoder

BATCH = 32
_TEXTS = 64 * BATCH

_encoders: list[BundledEncoder] = []


class BareModel:
    """So many processes, which do nothing but encode when they are told to."""

    def __init__(self, processes: int) -> None:
        self.processes = processes
        self._pool = multiprocessing.get_context("spawn").Pool(processes, _load)

    def __enter__(self) -> Self:
        self.rate(iter(["warm up"] * BATCH), 0.1)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, problem: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._pool.terminate()
        self._pool.join()

    def rate(self, texts: Iterator[str], seconds: float, *, batch: int = BATCH) -> float:
        """Texts a second, of all processes together, in batches of so many."""
        given = (list(islice(texts, _TEXTS)), seconds, batch)
        return sum(self._pool.starmap(_encode_for, [given] * self.processes, chunksize=1))


def _load() -> None:
    _encoders.append(BundledEncoder(Model()))


def _encode_for(texts: Sequence[str], seconds: float, batch: int) -> float:
    [encoder] = _encoders
    done = 0
    began = time.perf_counter()
    while time.perf_counter() - began < seconds:
        start = done % len(texts)
        encoder.encode(texts[start : start + batch], "query")
        done += len(texts[start : start + batch])
    return done / (time.perf_counter() - began)
