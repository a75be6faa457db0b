from __future__ import annotations

import numpy as np

from engine.index.scan import Compressed


def test_what_is_carried_over_is_what_would_be_made() -> None:
    """Over several pieces, with rows that moved, left and came."""
    random = np.random.default_rng(0)
    matrix = random.standard_normal((5000, 24), dtype=np.float32)
    matrix /= np.linalg.norm(matrix, axis=1, keepdims=True)
    rows = random.permutation(5000)[:4500]
    rows[random.integers(0, 4500, 100)] = -1
    new = np.where(rows[:, None] >= 0, matrix[rows], -matrix[:4500])
    updated_from, made = Compressed.of(matrix).updated_from(rows, new), Compressed.of(new)
    for name, array in made.arrays().items():
        assert np.array_equal(updated_from.arrays()[name], array), name
