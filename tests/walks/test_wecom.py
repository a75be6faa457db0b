"""A day of a support group in WeCom: from the encrypted callback to what people see."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from engine.config import Model
from engine.encoder import load
from tests.support.program import samples
from tests.support.wecom_program import WecomProgram, a_wecom_program

QUESTION = "夏天吃什么水果能补水？"


@pytest.fixture(scope="module")
def program(tmp_path_factory: pytest.TempPathFactory) -> Iterator[WecomProgram]:
    """The real bundled model over the two knowledge bases that ship."""
    with a_wecom_program(
        tmp_path_factory.mktemp("wecom"), *samples(), encoder=lambda: load(Model())
    ) as program:
        yield program


def test_the_address_is_verified_while_the_form_is_saved(program: WecomProgram) -> None:
    answer = program.wecom.verify()
    assert (answer.status, answer.body, answer.content_type) == (
        200,
        b"1616140317555161061",
        "text/plain; charset=utf-8",
    )


def test_a_group_asks_and_reads_ranked_matches_with_scores_and_a_dial(program: WecomProgram) -> None:
    bubble = program.wecom.say(f"@知识库助手 {QUESTION}", chat="G1")
    assert bubble.is_finished
    assert "西瓜" in bubble.text.splitlines()[0]
    assert "0.70" in bubble.text
    assert "阈值 0.40" in bubble.text
    assert bubble.card is not None
    assert [button["text"] for button in bubble.card["button_list"]][:2] == ["↓ 0.35", "↑ 0.45"]
    assert program.wecom.rung == []


def test_a_press_turns_the_dial_for_everyone_and_what_passes_now_follows(program: WecomProgram) -> None:
    wecom = program.wecom
    bubble = wecom.say(f"@知识库助手 {QUESTION}", chat="G2")
    seen = len(wecom.api.seen)
    card = wecom.press(bubble, "threshold:0.45", user="lisi")
    assert card is not None
    assert "0.45" in card["main_title"]["title"]
    assert "lisi" in card["main_title"]["desc"]
    program.settle(lambda: len(wecom.api.seen) > seen)
    after = wecom.api.seen[-1]
    assert after.to == "group:G2"
    assert "西瓜" in after.text
    assert "梨" in bubble.text  # 0.4269: shown at 0.40, hidden at 0.45
    assert "梨" not in after.text
    assert "0.45" in wecom.say("@知识库助手 /threshold", chat="G2").text
    assert "0.40" in wecom.say("@知识库助手 /threshold", chat="G3").text


def test_the_bare_dial_answers_the_command_and_can_be_turned(program: WecomProgram) -> None:
    wecom = program.wecom
    bubble = wecom.say("@知识库助手 /threshold", chat="G4")
    assert bubble.card is not None
    card = wecom.press(bubble, "threshold:0.35")
    assert card is not None
    assert "0.35" in card["main_title"]["title"]
    assert "0.35" in wecom.say("@知识库助手 /threshold", chat="G4").text


def test_a_vote_is_thanked_on_the_card_of_the_voter(program: WecomProgram) -> None:
    wecom = program.wecom
    bubble = wecom.say(f"@知识库助手 {QUESTION}", chat="G5")
    card = wecom.press(bubble, "vote:up")
    assert card is not None
    assert "有用" in card["main_title"]["desc"]


def test_the_rest_of_many_matches_is_behind_more(program: WecomProgram) -> None:
    wecom = program.wecom
    wecom.say("@知识库助手 /threshold 0.1", chat="G6")
    wecom.say("@知识库助手 /limit 2", chat="G6")
    bubble = wecom.say("@知识库助手 水果", chat="G6")
    seen = len(wecom.api.seen)
    wecom.press(bubble, "more:2")
    program.settle(lambda: len(wecom.api.seen) > seen)
    assert wecom.api.seen[-1].text.startswith("> 水果\n\n**3.**")


def test_a_name_and_an_admin_need_no_console(program: WecomProgram) -> None:
    wecom = program.wecom
    assert "售后一组" in wecom.say("@知识库助手 /name 售后一组", chat="G7").text
    assert "售后一组" in wecom.say("@知识库助手 /settings", chat="G7").text


def test_a_direct_chat_greets_answers_and_declines_pictures(program: WecomProgram) -> None:
    wecom = program.wecom
    assert "/help" in wecom.enter()
    assert "西瓜" in wecom.say(QUESTION, chat="").text
    picture = wecom.say("", chat="", msgtype="image", image={"url": "https://x.test/1"})
    assert picture.is_finished
    assert "图片" in picture.text


def test_who_quotes_a_message_asks_it_and_a_chat_record_is_declined(program: WecomProgram) -> None:
    wecom = program.wecom
    quoted = {"msgtype": "text", "text": {"content": QUESTION}}
    assert "西瓜" in wecom.say("@知识库助手", chat="G8", quote=quoted).text
    command = {"msgtype": "text", "text": {"content": "/threshold 0.9"}}
    wecom.say("@知识库助手", chat="G8", quote=command)
    assert "0.40" in wecom.say("@知识库助手 /threshold", chat="G8").text
    record = wecom.say("", chat="", msgtype="chatrecord", chatrecord={"item": []})
    assert record.is_finished
    assert "聊天记录" in record.text


def test_an_application_is_answered_through_its_api(program: WecomProgram) -> None:
    wecom = program.wecom
    seen = len(wecom.api.seen)
    program.application.say(QUESTION)
    program.settle(lambda: len(wecom.api.seen) > seen + 1)
    answer, card = wecom.api.seen[seen : seen + 2]
    assert (answer.to, answer.kind, card.kind) == ("zhangsan", "markdown", "template_card")
    assert "西瓜" in answer.text
    assert program.application.calls == 1
