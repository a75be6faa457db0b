"""What people write to the bot in a chat, and what it is taken for."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.commands.parser import parse
from bot.commands.threshold.grammar import SetThreshold, TryThreshold
from bot.grammar.arguments import likely_number
from bot.grammar.arrows import with_plain_arrows, without_arrow
from bot.grammar.command import Question

NAMES = ("知识库助手", "kbdial")


def read(text: str, *, mentioned: bool = False) -> Any:
    return parse(text, names=NAMES, mentioned=mentioned, in_group=True)


@pytest.mark.parametrize(
    "text",
    [
        "{}: threshold 0.65",
        "{}，threshold 0.65",
        "{}、threshold 0.65",
        "{}：/threshold 0.65",
        "{} - threshold 0.65",
        "{} `threshold 0.65`",
        "{} *threshold 0.65*",
        "{} ```/threshold 0.65```",
        "{}, _threshold `0.65`_",
        "{} threshold “0.65”",
        "{} /threshold 「0.65」",
        "{} /阈值 0.65",
        "{} ~threshold 65%~",
    ],
)
@pytest.mark.parametrize("name", ["@kbdial", "@知识库助手", ""])
def test_a_command_is_read_through_marks_and_formatting(text: str, name: str) -> None:
    assert read(text.format(name), mentioned=not name) == SetThreshold(Decimal("0.65"))


marks = st.text(st.sampled_from(list(",，:：;；!！.。…—- ")), max_size=4)
wrappings = st.sampled_from(["", "`", "*", "_", "~", "```", "**"])


@given(marks, wrappings, st.sampled_from(["怎么申请退货？", "how do I return it?", "退货 运费"]))
def test_a_question_is_the_same_behind_marks_and_in_any_dress(
    mark: str, wrapping: str, question: str
) -> None:
    assert read(f"@kbdial{mark} {wrapping}{question}{wrapping}") == Question(question)


@pytest.mark.parametrize(
    ("text", "meant"),
    [
        ("请问 @知识库助手 怎么申请退货？", "请问 怎么申请退货？"),
        ("hello @KBDIAL, where is it", "hello where is it"),
        ("您好 ＠知识库助手：发货了吗", "您好 发货了吗"),
        ("write to kbdial@example.com please", "write to kbdial@example.com please"),
        ("ask @kbdialog about it", "ask @kbdialog about it"),
    ],
)
def test_a_mention_amid_the_words_is_taken_out(text: str, meant: str) -> None:
    assert read(text) == Question(meant)


@pytest.mark.parametrize(
    ("line", "plain"),
    [
        ("新品？ ＝＞ 三月", "新品？ => 三月"),
        ("能预约吗？ =》 能", "能预约吗？ => 能"),
        ("能预约吗？=》能", "能预约吗？ => 能"),
        ("open? → at nine", "open? => at nine"),
        ("open? -> at nine", "open? => at nine"),
        ("营业吗？—》是", "营业吗？ => 是"),
        ("密码？→ 设置→账号", "密码？ => 设置→账号"),
        ("设置→账号在哪 => 右上角", "设置→账号在哪 => 右上角"),
        ("no arrow - here", "no arrow - here"),
        ("a => b\nc → d\ne", "a => b\nc => d\ne"),
    ],
)
def test_an_arrow_is_one_in_every_form(line: str, plain: str) -> None:
    assert with_plain_arrows(line) == plain


words = st.text(st.characters(categories=["L", "N"]), min_size=1, max_size=12)
arrows = st.sampled_from(["=>", "＝＞", "=》", "＝》", "→", "->", "⇒", "-》"])


@given(words, st.sampled_from(["", " ", "  "]), arrows, words)
def test_text_and_answer_are_what_stands_on_both_sides(
    text: str, blank: str, arrow: str, answer: str
) -> None:
    assert with_plain_arrows(f"{text}{blank}{arrow}{blank}{answer}").split(" => ") == [text, answer]
    assert without_arrow(f"{arrow}{blank}{answer}") == answer


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("0,65", "0.65"),
        ("0，7", "0.7"),
        ("零点六五", "0.65"),
        ("〇点五", "0.5"),
        ("“0,65”", "0.65"),
        ("0点8", "0.8"),
        ("百分之65", "65%"),
        ("百分之六五", "65%"),
        ("百分之六十五", "65%"),
        ("百分之六十", "60%"),
        ("百分之十", "10%"),
        ("百分之两百", ""),
        ("六十五", ""),
        ("65", ""),
        ("high", ""),
        ("1,65", ""),
        ("一千", ""),
        ("0.65", ""),
    ],
)
def test_a_number_in_another_writing_is_asked_back(written: str, meant: str) -> None:
    assert likely_number(written) == meant


def test_try_takes_quotes_too() -> None:
    assert read("/threshold try ‘0.58’") == TryThreshold(Decimal("0.58"))
