"""The treatment of the numbers that a model gives, the same in every encoder."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from typing import Any

import numpy as np

from engine.domain import EncoderFailed
from engine.index.snapshot import Vectors, check_vectors


def shorten(vectors: Vectors, dimension: int) -> Vectors:
    """The first `dimension` numbers of each row, brought to length 1 and checked.

    Raises:
        EncoderFailed: a row has no direction: not finite, or all zero.
    """
    cut = np.ascontiguousarray(vectors[:, :dimension], dtype=np.float32)
    lengths = np.linalg.norm(cut.astype(np.float64), axis=1, keepdims=True)
    if not (np.isfinite(lengths) & (lengths > 0)).all():
        row = int(np.flatnonzero(~(np.isfinite(lengths) & (lengths > 0)))[0])
        raise EncoderFailed(f"the model gave a vector that is not finite, or zero, for text {row + 1}")
    return check_vectors((cut / lengths).astype(np.float32), dimension)


def fingerprint_of(settings: Mapping[str, Any]) -> str:
    """A short name for everything that determines a vector."""
    return hashlib.sha256(json.dumps(settings, sort_keys=True, default=str).encode()).hexdigest()[:16]
