from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.index.keywords.tokens import (
    CHINESE,
    OTHER,
    UNKNOWN,
    tokenize,
)


def words(text: str) -> list[int]:
    return [int(word) for word in tokenize([text]).words]


def shared(one: str, other: str) -> int:
    return len(set(words(one)) & set(words(other)))


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Refund ORDER", "refund order"),
        ("ＳＦ１２３４ ｗｉｆｉ", "sf1234 wifi"),
        ("退货，要多久？", "退货、要多久"),
        ("refund: order!", "«refund» (order)"),
        ("naïve", "NAI\u0308VE"),
    ],
)
def test_width_case_and_marks_make_no_other_words(one: str, other: str) -> None:
    assert words(one) == words(other)


def test_chinese_is_taken_apart_into_pairs_and_the_rest_into_whole_words() -> None:
    assert len(words("怎么退货")) == 3
    assert shared("怎么退货", "退货流程") == 1
    assert len(words("order SF-1042 到了吗")) == 5
    assert shared("SF-1042", "SF-10425") == 1
    assert shared("刷", "牙刷") == 0
    assert shared("刷", "刷！") == 1


def test_letters_and_words_in_another_order_are_other_words() -> None:
    assert shared("on", "no") == 0
    assert shared("退货", "货退") == 0


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("怎么退货呢", CHINESE),
        ("how do I return this", OTHER),
        ("Button 怎么用才对", CHINESE),
        ("the tea is called 龙井", OTHER),
        ("VPN", UNKNOWN),
        ("退货", UNKNOWN),
        ("SF1042 8839 2211 77", UNKNOWN),
        ("", UNKNOWN),
    ],
)
def test_a_sentence_has_a_language_and_a_name_has_none(text: str, language: int) -> None:
    assert tokenize([text]).languages.tolist() == [language]


@given(st.lists(st.text(), max_size=5))
def test_any_texts_are_taken_apart_and_together_as_alone(texts: list[str]) -> None:
    together = tokenize(texts)
    assert len(together.languages) == len(texts)
    for row, text in enumerate(texts):
        alone = tokenize([text])
        assert together.words[together.rows == row].tolist() == alone.words.tolist()
        assert together.languages[row] == alone.languages[0]
