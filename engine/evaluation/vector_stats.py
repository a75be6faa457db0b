"""Statistics of a vector, for people who want to see what the engine sees."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from engine.index.snapshot import Vectors

VALUES = 50
BINS = 30


@dataclass(frozen=True, slots=True)
class Inspected:
    """`values`: the first 50, or all. `edges`: one more than `counts`; the last bin holds both ends."""

    dimension: int
    norm: float
    values: tuple[float, ...]
    edges: tuple[float, ...]
    counts: tuple[int, ...]


def inspect_vector(vector: Vectors, first: int | None = VALUES) -> Inspected:
    counts, edges = np.histogram(vector.astype(np.float64), bins=BINS)
    return Inspected(
        dimension=len(vector),
        norm=float(np.linalg.norm(vector.astype(np.float64))),
        values=tuple(map(float, vector[:first])),
        edges=tuple(map(float, edges)),
        counts=tuple(map(int, counts)),
    )
