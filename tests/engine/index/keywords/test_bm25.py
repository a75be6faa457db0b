from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.index.keywords import Keywords
from engine.index.keywords.tokens import UNKNOWN, tokenize

SAYINGS = [
    "退货要多久",
    "怎么退货",
    "快递到哪了 SF1042",
    "refund my order",
    "order again",
    "wifi",
    "到",
    "SF1042",
    "？",
]


def plainly(texts: list[str], question: str) -> list[float]:
    """BM25 word by word, as the head of the module describes it."""
    taken = tokenize(texts)
    held = [taken.words[taken.rows == row].tolist() for row in range(len(texts))]
    mean = max(1.0, sum(map(len, held)) / len(texts))
    asked = tokenize([question])
    words = sorted(set(asked.words.tolist()))

    def rarity(word: int) -> float:
        holding = sum(word in each for each in held)
        return math.log(1 + (len(texts) - holding + 0.5) / (holding + 0.5))

    scores = []
    for row, own in enumerate(held):
        length = 0.7 + 0.3 * len(own) / mean
        got = sum(rarity(word) * 1.84 * own.count(word) / (own.count(word) + 1.2 * length) for word in words)
        is_other_language = UNKNOWN not in (language := {int(asked.languages[0]), int(taken.languages[row])})
        most = sum(map(rarity, words))
        scores.append(0.0 if not most or (is_other_language and len(language) > 1) else min(1.0, got / most))
    return scores


@given(
    st.lists(st.sampled_from(SAYINGS) | st.text(max_size=8), min_size=1, max_size=12),
    st.sampled_from(SAYINGS),
)
def test_scores_are_those_of_a_loop_over_words(texts: list[str], question: str) -> None:
    keywords = Keywords.of(texts)
    asked = keywords.questions([question])[0]
    scores = keywords.of_rows(asked, np.arange(len(texts)))
    assert scores == pytest.approx(plainly(texts, question), abs=1e-12)
    rows, above = keywords.all(asked)
    assert rows.tolist() == np.flatnonzero(scores).tolist()
    assert above.tolist() == scores[rows].tolist()


@given(
    st.lists(st.sampled_from(SAYINGS), max_size=12),
    st.lists(st.sampled_from(SAYINGS) | st.text(max_size=8), max_size=8),
)
def test_questions_that_come_together_are_each_as_if_alone(texts: list[str], questions: list[str]) -> None:
    keywords = Keywords.of(texts)
    alone = [each for question in questions for each in keywords.questions([question])]
    assert keywords.questions(questions) == alone


def test_a_score_says_how_much_of_the_question_an_entry_holds() -> None:
    keywords = Keywords.of(["退货要多久", "发票怎么开", "没有别的"])
    whole, half, nothing = keywords.of_rows(keywords.questions(["退货要多久"])[0], np.arange(3))
    assert whole > 0.7
    assert half == nothing == 0
    [partly] = keywords.of_rows(
        keywords.questions(["退货要多久？顺便说一句别人不知道的话"])[0], np.array([0])
    )
    assert 0 < partly < whole / 2


def test_sentences_in_two_languages_share_no_words() -> None:
    keywords = Keywords.of(["按钮 Button 的三种大小", "Button comes in three sizes"])
    scores = keywords.of_rows(keywords.questions(["three sizes of a Button"])[0], np.arange(2))
    assert scores[0] == 0 < scores[1]
    assert (keywords.of_rows(keywords.questions(["Button"])[0], np.arange(2)) > 0).all()


@pytest.mark.parametrize("texts", [[], ["？"], ["a"] * 3])
def test_nothing_to_compare_is_no_error(texts: list[str]) -> None:
    keywords = Keywords.of(texts)
    for question in ("", "？", "b"):
        asked = keywords.questions([question])[0]
        assert keywords.all(asked)[0].tolist() == []
        assert keywords.of_rows(asked, np.arange(len(texts))).tolist() == [0.0] * len(texts)


def test_arrays_bring_the_same_back_and_what_does_not_fit_is_refused() -> None:
    keywords = Keywords.of(SAYINGS)
    again = Keywords.from_arrays(keywords.arrays(), len(SAYINGS))
    assert again is not None
    asked = again.questions(["怎么退货"])[0]
    assert [part.tolist() for part in again.all(asked)] == [part.tolist() for part in keywords.all(asked)]
    assert Keywords.from_arrays({}, 3) is None
    with pytest.raises(ValueError, match="do not fit"):
        Keywords.from_arrays(keywords.arrays(), 3)
    arrays = keywords.arrays()
    arrays.pop("keywords2_rows")
    with pytest.raises(ValueError, match="no rows"):
        Keywords.from_arrays(arrays, len(SAYINGS))


@given(
    before=st.lists(st.sampled_from(SAYINGS), max_size=8),
    rows=st.lists(st.integers(-1, 7), max_size=10),
    new=st.lists(st.sampled_from(SAYINGS), min_size=10, max_size=10),
)
def test_what_is_carried_over_is_what_would_be_made(
    before: list[str], rows: list[int], new: list[str]
) -> None:
    """Whatever left, came, moved or stands twice now."""
    rows = [row if row < len(before) else -1 for row in rows]
    texts = [before[row] if row >= 0 else new[place] for place, row in enumerate(rows)]
    updated_from = Keywords.of(before).updated_from(np.array(rows, np.intp), texts.__getitem__)
    ours, theirs = updated_from.arrays(), Keywords.of(texts).arrays()
    for name, array in theirs.items():
        assert (ours[name].dtype, ours[name].tolist()) == (array.dtype, array.tolist())


def test_what_stays_is_not_taken_apart_again() -> None:
    def text_of(row: int) -> str:
        return {1: "plum"}[row]  # and no other row is asked for

    updated_from = Keywords.of(["apple", "pear"]).updated_from(np.array([0, -1, 1]), text_of)
    assert updated_from.all(updated_from.questions(["pear"])[0])[0].tolist() == [2]
