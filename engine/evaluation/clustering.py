"""Texts that mean the same, put together by their vectors.

Agglomerative, by the mean similarity of two groups: a chain of small steps does not
join what is far apart, as nearest neighbours would, and one odd text does not keep a
group from growing, as farthest neighbours would. Exact, for some hundreds of texts.
"""

from __future__ import annotations

import numpy as np

from engine.index.snapshot import Vectors


def group_similar(vectors: Vectors, similarity: float) -> list[list[int]]:
    """The rows in groups whose mean cosine is at least `similarity`; the largest first.

    Equals are in the order of their first rows, and so are the rows of a group.
    """
    if len(vectors) < 2:  # noqa: PLR2004 - nothing to compare
        return [[row] for row in range(len(vectors))]
    from scipy.cluster.hierarchy import fcluster, linkage
    from scipy.spatial.distance import squareform

    wide = vectors.astype(np.float64)
    wide /= np.linalg.norm(wide, axis=1, keepdims=True)
    distances = np.clip(1.0 - wide @ wide.T, 0.0, 2.0)
    np.fill_diagonal(distances, 0.0)
    tree = linkage(squareform((distances + distances.T) / 2, checks=False), method="average")
    # A hair more, so that equal texts are equal at a similarity of 1.
    names = fcluster(tree, t=1.0 - similarity + 1e-9, criterion="distance")
    groups: dict[int, list[int]] = {}
    for row, name in enumerate(names):
        groups.setdefault(int(name), []).append(row)
    return sorted(groups.values(), key=lambda rows: (-len(rows), rows[0]))
