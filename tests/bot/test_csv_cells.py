"""No reader of a table finds a formula in it: not behind what is unseen, not by parting cells elsewhere."""

from __future__ import annotations

import re
import unicodedata

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from bot.csv_cells import inert, plain
from bot.csv_table import as_csv

SIGNS = tuple("=+-@＝＋－＠|")
# Whatever a formula may hide behind, beside any text.
AWKWARD = st.text(
    st.sampled_from([*"=+-@＝|;,\t\r\n'\"a1 ", "\u200b", "\u202e", "\u00ad", "知"]), max_size=12
)


def begins_a_formula(cell: str) -> bool:
    for one in cell:
        if unicodedata.category(one) not in {"Cc", "Cf", "Mn", "Me", "Zs", "Zl", "Zp"} and one != '"':
            return one in SIGNS
    return False


@given(st.one_of(st.text(), AWKWARD))
@example("a;=1+1")
@example("a\t=1+1")
@example("steps:\n-1+cmd|' /C calc'!A0")
@example(';"=1+1"')
@example(";\u200b'=1+1")
def test_no_reader_finds_a_formula_whatever_parts_its_cells(text: str) -> None:
    """SEC24. The readers here take no notice of quotes at all."""
    written = as_csv(("a", "b"), [[text, text], ["x", text]]).decode("utf-8-sig")
    for separators in (r"[;\r\n]", r"[\t\r\n]", r"[;\t\r\n]"):
        found = [cell for cell in re.split(separators, written) if begins_a_formula(cell)]
        assert found == []
    assert not begins_a_formula(inert(text))


@given(st.one_of(st.text(), AWKWARD))
@example("\t\t=1;''=2")
@example("'\n")
def test_what_was_guarded_is_the_text_again(text: str) -> None:
    assert plain(inert(text)) == text
    assert inert(text).replace("'", "") == text.replace("'", "")


@pytest.mark.parametrize(
    "text", ["how do I reset it?", "a; b", "2024-05-01", "one\ttwo", "it's", "a - b", "用户-密码; 重置"]
)
def test_an_ordinary_text_stays_as_it_is(text: str) -> None:
    assert inert(text) == text


@pytest.mark.parametrize(
    "unseen", ["\u200e", "\u202e", "\u00ad", "\ufe0f", "\u2062", "\u2003", "\x0b", "\u0301", "\u2028"]
)
def test_a_formula_behind_what_is_not_seen_is_inert_too(unseen: str) -> None:
    assert inert(f"{unseen}=1+1") == f"'{unseen}=1+1"
    assert inert(f"a;{unseen}=1+1") == f"a;'{unseen}=1+1"
