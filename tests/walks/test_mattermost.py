"""A day of a support team in Mattermost: what is said reaches the bot, and what people see of it."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

import pytest

from bot.domain import Channel
from engine.config import Model
from engine.encoder import load
from tests.support.mattermost_program import MattermostProgram, a_mattermost_program, readable
from tests.support.program import samples

PEARS = "夏天吃什么水果能补水？"
REFUSAL = "Guests and people of other organisations may ask here, and no more"


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[MattermostProgram]:
    """The real bundled model over the two knowledge bases that ship."""
    folder = tmp_path_factory.mktemp("mattermost")
    with a_mattermost_program(folder, *samples(), encoder=lambda: load(Model())) as desk:
        yield desk


def threshold(desk: MattermostProgram, room: str) -> object:
    channel = Channel("mattermost", "127.0.0.1", desk.room(room))
    return desk.app.responder._settings.of(channel).threshold


def test_a_mention_is_answered_in_its_thread_with_scores(desk: MattermostProgram) -> None:
    post = desk.say(PEARS, "fruit")
    answer = desk.answer_to(post)
    assert answer["root_id"] == post["id"]
    assert "西瓜" in readable(answer)
    assert "0.70" in readable(answer)
    assert "西瓜" not in answer["message"], "phones are notified without foreign text"
    assert desk.server.rung == []


def test_a_reply_in_a_thread_is_answered_there(desk: MattermostProgram) -> None:
    root = desk.server.say(desk.person("wang"), "a question for all", desk.room("fruit", "wang"))
    answer = desk.answer_to(desk.say("橙子好吗", "fruit", root_id=root["id"]))
    assert answer["root_id"] == root["id"]


def test_a_follow_up_in_the_thread_is_asked_with_its_first_question(desk: MattermostProgram) -> None:
    desk.answer_to(desk.say("/kb use shop", "invoices"))
    root = desk.say("怎么开发票？", "invoices")
    desk.answer_to(root)
    shown = readable(desk.answer_to(desk.say("抬头错了", "invoices", root_id=root["id"]), 1))
    assert "发票抬头写错了可以重开吗？" in shown
    assert "asked together with the thread's question “怎么开发票？”" in shown


def test_between_two_the_answer_stands_flat_and_needs_no_mention(desk: MattermostProgram) -> None:
    answer = desk.answer_to(desk.write(PEARS))
    assert answer["root_id"] == ""
    assert "西瓜" in readable(answer)


def test_in_a_group_only_those_who_mention_the_bot_are_answered(desk: MattermostProgram) -> None:
    li, wang = desk.person("li"), desk.person("wang")
    group = desk.server.add_channel("group", li, wang, type="G")
    desk.server.say(wang, PEARS, group)
    asked = desk.server.say(li, f"@kbdial {PEARS}", group)
    assert "西瓜" in readable(desk.answer_to(asked))
    assert len(desk.server.seen(group)) == 1


def test_a_threshold_is_one_rooms_own_and_every_way_in_turns_it(desk: MattermostProgram) -> None:
    desk.answer_to(desk.say("threshold 0.65", "by-mention"))
    assert str(threshold(desk, "by-mention")) == "0.65"
    desk.command("threshold 0.55", "by-command")
    desk.settle(lambda: str(threshold(desk, "by-command")) == "0.55")
    assert threshold(desk, "fruit") is None


def test_a_command_for_one_person_is_shown_to_them_alone(desk: MattermostProgram) -> None:
    room = desk.room("quiet")
    desk.command("help", "quiet")
    desk.command("threshold high", "quiet")
    desk.settle(lambda: len(desk.whispered("li")) >= 2)
    assert "high" in desk.whispered("li")[-1]
    assert desk.seen(room) == []


def test_the_dial_filters_the_same_post_again_and_says_who_turned_it(desk: MattermostProgram) -> None:
    post = desk.say(PEARS, "dial")
    answer = desk.answer_to(post)
    assert "梨" in readable(answer)  # 0.4269: shown at 0.40, hidden at 0.45
    desk.server.click(desk.person("li"), answer["id"], "dialup")
    desk.settle(lambda: "梨" not in readable(desk.answer_to(post)))
    turned = desk.answer_to(post)
    assert (turned["id"], len(desk.server.seen(desk.room("dial")))) == (answer["id"], 1)
    assert "0.45" in readable(turned)
    assert "li" in readable(turned)
    assert str(threshold(desk, "dial")) == "0.45"


def _is_refused(desk: MattermostProgram, alone: str) -> bool:
    return any(REFUSAL in text for text in desk.seen(alone))


def test_a_guest_and_a_stranger_ask_and_turn_no_dial(desk: MattermostProgram) -> None:
    desk.server.add_user("guest", roles="system_guest")
    desk.server.add_user("stranger", remote_id="r" * 26)
    for by in ("guest", "stranger"):
        answer = desk.answer_to(desk.say(PEARS, f"of-{by}", by=by))
        assert "西瓜" in readable(answer)
        desk.say("threshold 0.65", f"of-{by}", by=by)
        alone = desk.server.direct(desk.person(by))
        desk.settle(partial(_is_refused, desk, alone))
        desk.server.click(desk.person(by), answer["id"], "dialup")
        desk.settle()
        assert threshold(desk, f"of-{by}") is None


def test_an_export_is_a_file_in_the_thread(desk: MattermostProgram) -> None:
    desk.answer_to(desk.say(PEARS, "export"))
    file_id = desk.answer_to(desk.say("export", "export"))["file_ids"][0]
    assert PEARS in str(desk.server.files[file_id]["content"].decode("utf-8-sig"))


def test_an_entry_taught_in_chat_is_found_by_the_next_question(desk: MattermostProgram) -> None:
    desk.answer_to(desk.say("/kb add 榴莲气味浓烈，酒店里不能带 => 请放在密封盒里", "teach"))
    assert "密封盒" in readable(desk.answer_to(desk.say("榴莲可以带进酒店吗", "teach")))


def test_a_question_without_words_is_answered(desk: MattermostProgram) -> None:
    assert readable(desk.answer_to(desk.write("")))
    assert readable(desk.answer_to(desk.say("", "wordless")))


def test_what_is_said_while_the_connection_is_away_is_answered(desk: MattermostProgram) -> None:
    desk.server.sockets.forget()
    first = desk.say("threshold", "away")
    desk.server.sockets.drop()
    second = desk.say("language", "away")
    for post in (first, second):
        assert readable(desk.answer_to(post))
    assert len(desk.server.seen(desk.room("away"))) == 2


def test_who_forwards_a_post_asks_what_it_asks(desk: MattermostProgram) -> None:
    post = desk.server.say(desk.person("li"), PEARS, desk.room("fruit", "li"))
    link = f"{desk.server.url}/acme/pl/{post['id']}"
    assert "西瓜" in readable(desk.answer_to(desk.say(link, "forwarded")))
