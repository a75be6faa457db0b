"""What every index on a server is tried with."""

from __future__ import annotations

import numpy as np

from engine.index.protocol import SearchSpec
from tests.engine.index.scan import plain

ROWS = plain.random_rows(np.random.default_rng(1), 300, 24)
PASSED = [SearchSpec(0.1, top_k=20)]


class Clock:
    """A steady clock that goes on when its `seconds` are set."""

    seconds = 1000.0

    def __call__(self) -> float:
        return self.seconds
