from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from engine.evaluation.clustering import group_similar
from engine.evaluation.vector_stats import inspect_vector
from engine.index.snapshot import Vectors
from tests.support.engine import LetterEncoder

WORDS = st.text(alphabet="abcde", min_size=1, max_size=6)


def vectors_of(texts: list[str]) -> Vectors:
    return LetterEncoder().encode(texts, "document")


def test_what_means_the_same_is_one_group_and_the_largest_is_first() -> None:
    texts = ["apple", "zoo", "pleap", "ozo", "papel"]
    assert group_similar(vectors_of(texts), 0.9) == [[0, 2, 4], [1, 3]]


def test_one_text_is_one_group_and_none_is_none() -> None:
    assert group_similar(vectors_of(["apple"]), 0.9) == [[0]]
    assert group_similar(vectors_of(["apple"])[:0], 0.9) == []


@given(st.lists(WORDS, min_size=1, max_size=12), st.sampled_from([0.0, 0.4, 0.6, 0.9, 1.0]))
def test_groups_part_the_texts_and_are_as_alike_as_was_asked(texts: list[str], similarity: float) -> None:
    vectors = vectors_of(texts)
    groups = group_similar(vectors, similarity)
    assert sorted(row for rows in groups for row in rows) == list(range(len(texts)))
    unit = vectors.astype(np.float64)
    unit /= np.linalg.norm(unit, axis=1, keepdims=True)
    for one in groups:
        for other in groups:
            if one is not other:
                assert np.mean(unit[one] @ unit[other].T) < similarity + 1e-6
    together = {frozenset(rows) for rows in groups}
    for place, text in enumerate(texts):
        same = {row for row, other in enumerate(texts) if other == text}
        assert any(same <= rows for rows in together if place in rows)


def test_a_vector_is_inspected_whole() -> None:
    vector = np.arange(100, dtype=np.float32) / np.float32(100)
    seen = inspect_vector(vector)
    assert (seen.dimension, len(seen.values), sum(seen.counts)) == (100, 50, 100)
    assert len(seen.edges) == len(seen.counts) + 1
    assert seen.norm == np.linalg.norm(vector.astype(np.float64))
