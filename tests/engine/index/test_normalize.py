import doctest
import sys
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.index import normalize
from engine.index.normalize import (
    STEPS,
    fold_case,
    join_lines,
    name_of,
    of,
    prepare,
)


def test_the_examples_hold() -> None:
    failed, tried = doctest.testmod(normalize)
    assert tried == 9
    assert failed == 0


@given(st.text())
def test_preparing_twice_is_preparing_once(text: str) -> None:
    assert prepare(prepare(text)) == prepare(text)


def test_every_character_alone_and_before_a_mark_is_prepared_once_and_for_all() -> None:
    for code in range(sys.maxunicode + 1):
        if unicodedata.category(chr(code)) not in {"Cs", "Cn", "Co"}:
            for text in (chr(code), f"a{chr(code)}\u0308", f"中 {chr(code)} 中"):
                assert prepare(prepare(text)) == prepare(text), hex(code)


def test_blanks_stay_between_words_that_need_them() -> None:
    assert join_lines("return  my order") == "return my order"
    assert join_lines("我的 iPhone 15 坏了") == "我的 iPhone 15 坏了"
    assert join_lines("退 货\u3000运费 。 谁 出") == "退货运费。谁出"
    assert join_lines("ＭＹ ＣＡＲＤ") == "ＭＹ ＣＡＲＤ"


@pytest.mark.parametrize("names", [[name] for name in STEPS] + [list(STEPS), []])
@given(text=st.text())
def test_no_step_fails_or_leaves_nothing_of_a_text(names: list[str], text: str) -> None:
    assert of(names)(text).strip() or not text.strip()


def test_steps_have_one_order_however_they_are_named() -> None:
    assert (
        of(["frame", "fold"])("ＶＰＮ怎么连？")
        == of(["fold", "frame"])("ＶＰＮ怎么连？")
        == "请问vpn怎么连？"
    )
    assert name_of(["frame", "fold"]) == name_of(["fold", "frame"]) != name_of(["fold"])


def test_width_and_case_make_no_difference() -> None:
    assert prepare("ＴＲＡＣＫ ｍｙ Card") == prepare("track my card") == "track my card"


def test_marks_at_the_end_are_kept() -> None:
    assert fold_case("可以退货吗？") != fold_case("可以退货吗")
