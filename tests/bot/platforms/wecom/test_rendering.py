from __future__ import annotations

import re
from dataclasses import replace
from decimal import Decimal

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from bot.commands.parser import parse
from bot.commands.tune.grammar import LabelMatch
from bot.domain import Button, Person, Text
from bot.platforms.wecom.cards import dial, task_id
from bot.platforms.wecom.rendering import APP, LATER, ROBOT, WEBHOOK, Place, fitting, only_piece, pieces
from tests.bot.platforms.wecom.answers import NOW, a_match, an_answer

READER = MarkdownIt("commonmark", {"html": True}).enable(["table", "strikethrough"])


def only(body: tuple[str, ...]) -> str:
    (piece,) = body
    return piece


def test_an_answer_on_a_phone() -> None:
    answer = an_answer(
        a_match(1, answer="请在订单页申请。\n运费由卖家承担。", title="退货政策", url="https://kb.test/7"),
        a_match(2, text="质量问题包退", score=0.6512, bold=None),
    )
    assert only(pieces(answer, ROBOT, NOW, mention="@知识库助手 ")) == (
        "**1.** **签收 7 天内可以退货**。\n"
        "🟩 █████████░ 0.8732 强\n"
        "来源: [退货政策](https://kb.test/7)\n"
        "> 答复: 请在订单页申请。\n"
        "> 运费由卖家承担。\n"
        "\n"
        "**2.** 质量问题包退\n"
        "🟩 ███████░░░ 0.6512 强\n"
        "\n"
        "阈值 0.65（本群设置） · 显示 2 条，共 2 条 · 知识库 shop · 3 分钟前更新\n"
        "调整阈值：发送 @知识库助手 /threshold 0.60 或 @知识库助手 /threshold 0.70"
    )


def test_an_address_in_a_reply_in_words_is_a_link_to_itself() -> None:
    """Whose answer is shown by /kb show, or added by /kb add."""
    body = only(pieces(Text("答复：https://kb.test/a?x=1&y=2。", "zh", verb="kb"), ROBOT, NOW, mention="@x "))
    assert body == "答复：[https://kb.test/a?x=1&y=2](https://kb.test/a?x=1&y=2)。"


def test_what_matched_is_named_and_no_folder_of_the_server() -> None:
    match = a_match(wording="还能退吗", collapsed=2, source="/srv/kb/secret/faq.csv")
    lines = only(pieces(an_answer(match), ROBOT, NOW)).splitlines()
    assert lines[2] == "相似问法“还能退吗” · 另有 2 种问法"
    assert "/srv" not in "".join(lines)
    assert "来源" not in "".join(lines)
    linked = a_match(source="/srv/kb/secret/faq.csv", url="https://kb.test/7")
    assert "来源: [kb.test](https://kb.test/7)" in only(pieces(an_answer(linked), ROBOT, NOW))


def test_an_address_longer_than_any_message_leaves_its_title() -> None:
    answer = an_answer(a_match(title="退货政策", url=f"https://kb.test/{'退' * 300}"))
    assert only(pieces(answer, APP, NOW)).splitlines()[2] == "来源: 退货政策"


NEAR = (a_match(1, score=0.651), a_match(2, score=0.65))


@given(st.from_regex(r"[A-Za-z0-9_-]{12}", fullmatch=True))
def test_a_near_tie_tells_the_command_that_says_what_was_meant(answer_id: str) -> None:
    answer = replace(an_answer(*NEAR), id=answer_id, margin=Decimal("0.01"))
    said = only(pieces(answer, ROBOT, NOW, mention="@kbdial "))
    (line,) = [line for line in said.split("\n") if line.startswith("如果要找的是第 2 条：")]
    typed = line.partition("：")[2]
    assert parse(typed, names=("kbdial",), mentioned=True, in_group=True) == LabelMatch(
        answer_id, 2, relevant=True
    )


def test_a_near_tie_tells_no_command_beside_a_card_and_none_where_matches_are_apart() -> None:
    near = replace(an_answer(*NEAR), margin=Decimal("0.01"))
    assert "/tune" not in only(pieces(near, ROBOT, NOW, has_card=True))
    assert "分差" in only(pieces(near, ROBOT, NOW, has_card=True))
    assert "/tune" not in only(pieces(an_answer(*NEAR), ROBOT, NOW))


def test_where_a_card_turns_the_dial_no_command_is_told() -> None:
    assert "/threshold" not in only(pieces(an_answer(), ROBOT, NOW, has_card=True))


def test_at_the_end_of_the_dial_only_the_step_that_exists_is_told() -> None:
    answer = an_answer(threshold=Decimal("1.00"))
    assert only(pieces(answer, ROBOT, NOW)).endswith("\n调整阈值：发送 /threshold 0.95")


@pytest.mark.parametrize("place", [APP, WEBHOOK])
def test_where_there_are_colours_the_tier_has_one(place: Place) -> None:
    answer = an_answer(a_match(score=0.45))
    assert '<font color="warning">████░░░░░░ 0.4500 中</font>' in only(pieces(answer, place, NOW))


def test_nothing_found_says_the_best_score_and_what_would_have_shown_it() -> None:
    answer = replace(an_answer(total=0, best_score=0.6012), matches=())
    assert only(pieces(answer, ROBOT, NOW)).startswith(
        "没有内容达到阈值 0.65，最高分是 0.6012。发送 /threshold try 0.60 可以预览较低阈值的效果。\n\n"
    )
    for has_card in (False, True):
        body = only(pieces(answer, ROBOT, NOW, mention="@知识库助手 ", has_card=has_card))
        assert "发送 @知识库助手 /threshold try 0.60 可以" in body


def test_who_turned_the_dial_is_told_first() -> None:
    turned = an_answer(turned_by=(Person("wecom", "b", "zhang*san"), Decimal("0.70")))
    assert only(pieces(turned, ROBOT, NOW)).startswith("zhang＊san 把阈值从 0.70 调到了 0.65。\n\n")


def test_a_reply_in_words_is_escaped() -> None:
    text = Text("# <@all>\n知识库 [a](https://evil.test)", "zh")
    evil = "[https://evil.test](https://evil.test)"
    assert only(pieces(text, ROBOT, NOW)) == f"\u200b# <\u200b@\u200ball>\n知识库 [a]\u200b({evil})"


@pytest.mark.parametrize("place", [ROBOT, APP, WEBHOOK])
def test_the_longest_answer_is_parted_within_the_limit(place: Place) -> None:
    long = "退货运费由卖家承担，" * 500
    answer = an_answer(*[a_match(rank, text=long, answer=long, bold=(0, 4_000)) for rank in range(1, 21)])
    body = pieces(answer, place, NOW)
    assert all(len(piece.encode()) <= place.limit_bytes for piece in body)
    assert all(piece.count("**") % 2 == 0 for piece in body)
    assert all(piece.endswith("（未完，见下一条）") for piece in body[:-1])
    assert len(only_piece(body, "zh").encode()) <= place.limit_bytes
    assert only_piece(body, "zh").endswith("（太长，到此为止；发送 /limit 可以减少条数）")


def test_the_longest_answer_of_a_robot_fits_into_a_stream_and_one_later_reply() -> None:
    long = "退货运费由卖家承担，" * 500
    for count in range(1, 21):
        answer = an_answer(*[a_match(rank, text=long, answer=long) for rank in range(1, count + 1)])
        assert len(pieces(answer, ROBOT, NOW, mention="@知识库助手 ")) <= 2


foreign = st.text(st.sampled_from("*_~`#<>[]()!@&|\\-=+:.1 \na中"), max_size=40)


@given(st.sampled_from([ROBOT, APP, WEBHOOK]), foreign, foreign, foreign, foreign)
@example(ROBOT, "ends with a backslash \\ ", "\\", "\\", "\\ ")
def test_no_entry_rings_links_or_formats_anything(
    place: Place, text: str, told: str, title: str, knowledge_base: str
) -> None:
    match = a_match(text=text, answer=told, title=title, bold=(2, 20))
    coloured = only(pieces(an_answer(match, knowledge_base=knowledge_base), place, NOW))
    body = re.sub(r'<font color="info">([^<]*)</font>', r"\1", coloured)
    tokens = READER.parse(body)
    kinds = {token.type for token in tokens} | {
        child.type for token in tokens for child in token.children or []
    }
    assert kinds <= {
        *("paragraph_open", "paragraph_close", "inline", "text", "softbreak"),
        *("strong_open", "strong_close", "blockquote_open", "blockquote_close"),
    }
    assert not re.search("<@|@all", body)


@pytest.mark.parametrize(("place", "whole"), [(ROBOT, 7), (LATER, 3), (APP, 1)])
def test_nine_long_answers_are_shown_whole_or_left_to_more(place: Place, whole: int) -> None:
    told = "退货运费由卖家承担，" * 150
    answer = an_answer(*[a_match(rank, answer=f"{told}终{rank}") for rank in range(1, 10)])
    shown = fitting(answer, place).matches
    assert len(shown) == whole
    body = pieces(answer, place, NOW)
    said = "".join(piece.removesuffix("（未完，见下一条）") for piece in body)
    assert [rank for rank in range(1, 10) if f"终{rank}" in said] == list(range(1, whole + 1))
    assert f"显示 {whole} 条，共 9 条" in said
    assert said.replace("\n", "").replace("> ", "").count(told) == whole
    more = dial(fitting(answer, place), task_id("a1", "u"))["button_list"][-1]
    assert more["key"] == f"more:{whole}"


def test_the_sentence_that_answers_is_bold_where_it_stands() -> None:
    match = a_match(bold=None, answer="先拍照。再寄回，\n附上单号。", bold_answer=(4, 7))
    assert "> 答复: 先拍照。**再寄回**，\n> 附上单号。" in only(pieces(an_answer(match), ROBOT, NOW))
    across = replace(match, bold_answer=(4, 12))
    assert "**再" not in only(pieces(an_answer(across), ROBOT, NOW))


def test_a_late_answer_quotes_its_question() -> None:
    answer = replace(an_answer(), question="能退吗 <@all>\n# 急")
    assert only(pieces(answer, ROBOT, NOW, is_late=True)).startswith(
        "> 能退吗 <\u200b@\u200ball> # 急\n\n**1.**"
    )
    assert only(pieces(answer, ROBOT, NOW)).startswith("**1.**")


def test_commands_in_words_and_of_buttons_are_typed_as_the_group_has_to() -> None:
    text = Text(
        "已加入：“/kb add 怎么用” 见 https://kb.test/kb/7（/kb remove m1 可以撤回）\n发送 /teach undo",
        "zh",
        verb="kb",
        buttons=(Button("撤回 m1", "/kb remove m1"),),
    )
    assert only(pieces(text, ROBOT, NOW, mention="@助手 ")) == (
        "已加入：“/kb add 怎么用” 见 [https://kb.test/kb/7](https://kb.test/kb/7)"
        "（@助手 /kb remove m1 可以撤回）\n"
        "发送 @助手 /teach undo\n撤回 m1：@助手 /kb remove m1"
    )
    assert "@助手" not in only(pieces(replace(text, verb="help", buttons=()), ROBOT, NOW, mention="@助手 "))
    assert only(pieces(text, ROBOT, NOW)).endswith("撤回 m1：/kb remove m1")
