"""A day of a support team in Slack, from the signed request to the posted message."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest

from engine.config import Model
from engine.encoder import load
from tests.support.program import Program, a_program, samples
from tests.support.slack_people import an_event


@pytest.fixture(scope="module")
def program(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Program]:
    """The real bundled model over the two knowledge bases that ship."""
    with a_program(tmp_path_factory.mktemp("slack"), *samples(), encoder=lambda: load(Model())) as program:
        yield program


def posted_after(program: Program, count: int) -> dict[str, Any]:
    program.slack.until(lambda: len(program.slack.posted) > count)
    return program.slack.posted[count]


def elements(message: dict[str, Any]) -> list[dict[str, Any]]:
    return [
        element
        for block in message["blocks"]
        for element in block.get("elements", [])
        if "action_id" in element
    ]


def test_a_mention_is_answered_in_its_thread_with_scores(program: Program) -> None:
    before = len(program.slack.posted)
    assert (
        program.people.says("夏天吃什么水果能补水？", channel="C1", ts="1700000100.000100").status_code == 200
    )
    message = posted_after(program, before)
    assert (message["channel"], message["thread_ts"]) == ("C1", "1700000100.000100")
    assert "西瓜" in message["text"].splitlines()[0]
    assert "0.70" in message["text"]
    assert program.slack.rung == 0


def test_a_follow_up_in_the_thread_is_asked_with_its_first_question(program: Program) -> None:
    people, before = program.people, len(program.slack.posted)
    people.command("/kb", "use shop", channel_id="C7")
    people.says("怎么开发票？", channel="C7", ts="1700000300.000100")
    posted_after(program, before)
    people.says("抬头错了", channel="C7", ts="1700000300.000200", thread_ts="1700000300.000100")
    message = posted_after(program, before + 1)
    assert message["thread_ts"] == "1700000300.000100"
    shown = json.dumps(message, ensure_ascii=False)
    assert "发票抬头写错了可以重开吗？" in shown
    assert "asked together with the thread's question “怎么开发票？”" in shown
    assert "抬头错了" not in people.command("/gaps", channel_id="C7").get_json()["text"]


def test_a_threshold_set_in_one_channel_is_answered_at_once_and_leaves_the_others_alone(
    program: Program,
) -> None:
    people = program.people
    answer = people.command("/threshold", "0.65", channel_id="C2")
    assert answer.status_code == 200
    told = answer.get_json()
    assert told["response_type"] == "in_channel"
    assert "0.65" in told["text"]
    assert "0.65" in people.command("/threshold", channel_id="C2").get_json()["text"]
    assert "0.65" not in people.command("/threshold", channel_id="C3").get_json()["text"]


def test_a_wrong_value_changes_nothing_and_is_told_to_the_person_alone(program: Program) -> None:
    people = program.people
    told = people.command("/threshold", "65", channel_id="C4").get_json()
    assert told["response_type"] == "ephemeral"
    assert "65" in told["text"]
    assert "0.40" in people.command("/threshold", channel_id="C4").get_json()["text"]


def test_the_dial_under_an_answer_filters_that_answer_again_and_says_who_turned_it(program: Program) -> None:
    before = len(program.slack.posted)
    people = program.people
    people.says("夏天吃什么水果能补水？", channel="C5", ts="1700000200.000100")
    message = posted_after(program, before)
    up = next(each for each in elements(message) if each["type"] == "button" and "0.45" in json.dumps(each))
    clicked = people.clicks(
        up,
        channel={"id": "C5", "name": "support"},
        container={"type": "message", "message_ts": message["ts"], "channel_id": "C5"},
        message={"ts": message["ts"]},
    )
    assert clicked.status_code == 200
    after = posted_after(program, before + 1)
    assert after.get("replace_original") is True
    text = json.dumps(after, ensure_ascii=False)
    assert "0.40" in text
    assert "0.45" in text
    assert "梨" in json.dumps(message, ensure_ascii=False)  # 0.4269: shown at 0.40, hidden at 0.45
    assert "梨" not in text
    assert "0.45" in people.command("/threshold", channel_id="C5").get_json()["text"]


def test_a_repeated_event_is_answered_once(program: Program) -> None:
    """SEC07: the same delivery, and the same message as another event."""
    before = len(program.slack.posted)
    people = program.people
    for number in (9001, 9001, 9002):
        envelope = an_event(text="<@U0BOT> 橙子好吗", number=number, channel="C6", ts="1700000300.000100")
        assert people.event(envelope).status_code == 200
    posted_after(program, before)
    people.command("/threshold", channel_id="C6")  # in the same channel, so everything before it is done
    assert [m["channel"] for m in program.slack.posted[before:]] == ["C6"]


def test_an_entry_added_in_chat_is_found_by_the_next_question(program: Program) -> None:
    before = len(program.slack.posted)
    people = program.people
    added = people.command("/kb", "add 榴莲气味浓烈，酒店里不能带 => 请放在密封盒里", channel_id="C7")
    assert added.status_code == 200
    if not added.get_json(silent=True):
        posted_after(program, before)
        before += 1
    people.says("榴莲可以带进酒店吗", channel="C7", ts="1700000400.000100")
    message = posted_after(program, before)
    assert "榴莲" in message["text"].splitlines()[0]
    assert "密封盒" in json.dumps(message, ensure_ascii=False)


def test_a_change_by_mention_is_told_by_the_name_of_who_made_it(program: Program) -> None:
    before = len(program.slack.posted)
    program.people.says("threshold 0.5", channel="C8", ts="1700000500.000100")
    assert posted_after(program, before)["text"].startswith("name-of-U1 set the threshold here from 0.40")
    shown = program.people.command("/settings", channel_id="C8").get_json()["text"]
    assert "last changed by name-of-U1 on" in shown
