from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from engine.index.exact_texts import SameTexts, fold

_texts = st.lists(st.sampled_from(["a", " a", "ａ", "b", "", "退货"]), max_size=8)


@given(texts=_texts, asked=st.sampled_from(["a", "b ", "c", "退货"]))
def test_every_row_that_says_the_same_is_found_in_order(texts: list[str], asked: str) -> None:
    found = SameTexts.of(texts).rows(asked, texts.__getitem__)
    assert found == tuple(row for row, text in enumerate(texts) if fold(text) == fold(asked))


def test_two_texts_with_one_digest_are_not_the_same() -> None:
    [digest] = SameTexts.of(["a"]).digests
    assert SameTexts(np.array([digest, digest])).rows("a", ["b", "a"].__getitem__) == (1,)


@given(before=_texts, after=_texts, data=st.data())
def test_what_is_carried_over_is_what_would_be_made(
    before: list[str], after: list[str], data: st.DataObject
) -> None:
    rows = [before.index(text) if text in before and data.draw(st.booleans()) else -1 for text in after]
    updated_from = SameTexts.of(before).updated_from(np.array(rows, np.intp), after.__getitem__)
    assert np.array_equal(updated_from.digests, SameTexts.of(after).digests)
