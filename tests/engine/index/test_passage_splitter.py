from __future__ import annotations

import re

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from engine.index.passage_splitter import (
    LONG_BYTES,
    PASSAGE_BYTES,
    passages_of,
    passages_of_all,
)

WORDS = ["退货", "the parcel", "3.5", "a.b/c", "。", "! ", ". ", "\n", " ", "é", "🍌", "x" * 90, "，"]
texts = st.lists(st.sampled_from(WORDS), max_size=400).map("".join)


@given(texts)
def test_passages_are_all_of_a_long_text_in_order_and_none_is_too_long(text: str) -> None:
    found = passages_of(text)
    assert bool(found) == (len(text.encode()) > LONG_BYTES and any(map(str.isalnum, text)))
    assert all(len(each.encode()) <= PASSAGE_BYTES for each in found)
    if found:
        assert letters("".join(found)) == letters(text)


def letters(text: str) -> str:
    return re.sub(r"[\W_]", "", text)


def test_a_passage_ends_with_a_sentence_where_one_ends() -> None:
    chinese = "退货需要在七天之内申请，运费由商家承担。"
    assert {each[-1] for each in passages_of(chinese * 20)} == {"。"}
    english = "It is 3.5 km to www.shop.test from here. "
    assert {each[-5:] for each in passages_of(english * 20)} == {"here."}


def test_passages_of_many_texts_say_where_those_of_each_start() -> None:
    long = "A sentence of some words. " * 30
    found, starts = passages_of_all(["short", long, "", long])
    assert found == [*passages_of(long), *passages_of(long)]
    assert starts.tolist() == [0, 0, len(found) // 2, len(found) // 2, len(found)]
    assert np.array_equal(passages_of_all([])[1], [0])
