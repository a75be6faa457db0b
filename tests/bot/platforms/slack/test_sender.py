from __future__ import annotations

import re
from dataclasses import replace
from decimal import Decimal

import pytest

from bot.domain import Button, Person, Text
from bot.platforms.slack.workspace import Workspace
from tests.bot.platforms.slack.sending import ANSWER, CHANNEL, a_delivery, failure, platform
from tests.support.slack import BOT_USER, Fault, RecordingSlack, block_mistakes, error


def test_a_mention_is_answered_in_its_thread(slack: RecordingSlack) -> None:
    receipt = platform(slack).send(a_delivery(ANSWER))
    (call,) = slack.calls
    assert call[0] == "chat.postMessage"
    assert receipt == slack.posted[0]["ts"]
    asked = {
        name: call[1].get(name)
        for name in ("channel", "thread_ts", "unfurl_links", "unfurl_media", "parse", "link_names")
    }
    assert asked == {
        "channel": "C1", "thread_ts": "5.5", "unfurl_links": False, "unfurl_media": False,
        "parse": "none", "link_names": False,
    }  # fmt: skip
    assert call[1]["blocks"][0]["type"] == "section"
    assert slack.headers[0]["authorization"] == "Bearer xoxb-1"
    assert slack.rung == 0


@pytest.mark.parametrize("private", [False, True])
def test_a_very_long_answer_arrives_whole_in_several_messages(
    slack: RecordingSlack, *, private: bool
) -> None:
    told = " ".join(f"word{number}" for number in range(3_000))
    answer = replace(ANSWER, matches=(replace(ANSWER.matches[0], answer=told),), private=private)
    address = {"user": "U1", "thread_ts": "5.5", "response_url": slack.response_url()}
    platform(slack).send(a_delivery(answer, address=address))
    method = "chat.postEphemeral" if private else "chat.postMessage"
    assert {call[0] for call in slack.calls} == {method}
    said = "".join(str(call[1]["blocks"]) for call in slack.calls)
    assert re.findall(r"word[0-9]+", said) == told.split()


def test_a_command_is_answered_through_its_response_address(slack: RecordingSlack) -> None:
    address = {"user": "U1", "response_url": slack.response_url()}
    platform(slack).send(a_delivery(Text("set to 0.65", "en"), address=address))
    platform(slack).send(a_delivery(Text("only you", "en", private=True), address=address))
    assert slack.calls == []
    assert [(given["response_type"], given["text"]) for _, given in slack.responses] == [
        ("in_channel", "set to 0.65"),
        ("ephemeral", "only you"),
    ]


def test_after_five_uses_a_command_is_answered_through_the_web_api(slack: RecordingSlack) -> None:
    address = {"user": "U1", "response_url": slack.response_url()}
    for number in range(7):
        platform(slack).send(a_delivery(Text(f"{number}", "en"), address=address))
    platform(slack).send(a_delivery(Text("private", "en", private=True), address=address))
    assert slack.texts() == ["0", "1", "2", "3", "4", "5", "6", "private"]
    assert slack.methods() == ["chat.postMessage", "chat.postMessage", "chat.postEphemeral"]
    assert slack.posted[-1]["user"] == "U1"


def test_without_a_token_only_response_addresses_are_used(slack: RecordingSlack) -> None:
    sender = platform(slack, token="")
    sender.send(a_delivery(address={"response_url": slack.response_url()}))
    sender.send(
        a_delivery(address={"response_url": slack.response_url(), "message_ts": "1.1", "thread_ts": "0.1"})
    )
    assert [given.get("thread_ts") for _, given in slack.responses] == [None, "0.1"]
    failed = failure(sender, a_delivery())
    assert failed.permanent
    assert "bot_token" in failed.reason
    assert slack.calls == []


def test_a_turned_answer_is_replaced_where_it_stands(slack: RecordingSlack) -> None:
    sender = platform(slack)
    ts = sender.send(a_delivery(ANSWER))
    turned = replace(ANSWER, in_place=True, turned_by=(Person("slack", "T1", "U1", "ann"), Decimal("0.35")))
    address = {"user": "U1", "message_ts": ts, "thread_ts": "5.5"}
    assert sender.send(a_delivery(turned, address=address | {"response_url": slack.response_url()})) == ts
    assert slack.responses[0][1]["replace_original"] is True
    assert sender.send(a_delivery(turned, address=address)) == ts
    assert slack.methods() == ["chat.postMessage", "chat.update"]
    sender.send(a_delivery(turned, address=address | {"message_ts": "9.9"}))
    assert slack.methods()[2:] == ["chat.update", "chat.postMessage"]


def test_what_one_person_saw_stays_with_that_person(slack: RecordingSlack) -> None:
    sender = platform(slack)
    address = {"user": "U1", "message_ts": "1.1", "ephemeral": "1"}
    sender.send(a_delivery(ANSWER, address=address | {"response_url": slack.response_url()}))
    assert slack.responses[0][1]["response_type"] == "ephemeral"
    sender.send(a_delivery(ANSWER, address=address))
    sender.send(a_delivery(replace(ANSWER, in_place=True), address=address))
    assert slack.methods() == ["chat.postEphemeral", "chat.postEphemeral"]


def test_a_direct_message_is_private_as_it_is(slack: RecordingSlack) -> None:
    platform(slack).send(
        a_delivery(Text("x", "en", private=True), channel=replace(CHANNEL, id="D1"), address={"user": "U1"})
    )
    assert slack.methods() == ["chat.postMessage"]


def test_more_of_an_answer_goes_below_it(slack: RecordingSlack) -> None:
    platform(slack).send(
        a_delivery(ANSWER, address={"user": "U1", "message_ts": "7.7", "response_url": slack.response_url()})
    )
    assert slack.posted[0]["thread_ts"] == "7.7"


@pytest.mark.parametrize(
    "code", ["msg_too_long", "no_text", "invalid_blocks", "invalid_arguments", "msg_blocks_too_long"]
)
def test_what_is_too_much_for_slack_arrives_as_plain_text(slack: RecordingSlack, code: str) -> None:
    slack.will("chat.postMessage", error(code))
    slack.will("response_url", Fault(400, code))
    platform(slack).send(a_delivery(ANSWER))
    platform(slack).send(a_delivery(ANSWER, address={"response_url": slack.response_url()}))
    assert ["blocks" in message for message in slack.posted] == [False, False]
    slack.will("chat.postMessage", error(code), error(code))
    assert failure(platform(slack), a_delivery(ANSWER)).permanent


def test_a_room_we_are_not_in_is_reached_through_the_response_address(slack: RecordingSlack) -> None:
    slack.will("chat.postMessage", error("not_in_channel"))
    platform(slack).send(
        a_delivery(ANSWER, address={"message_ts": "1.1", "response_url": slack.response_url()})
    )
    assert slack.responses[0][1]["thread_ts"] == "1.1"


def test_slack_says_who_we_are(slack: RecordingSlack) -> None:
    sender = platform(slack)
    assert sender.own_users(Workspace("", "T1")) == frozenset()
    assert sender.introduce() == "kbdial in Acme"
    assert sender.own_users(Workspace("", "T1")) == {BOT_USER}


def test_a_reply_may_be_the_body_of_the_response(slack: RecordingSlack) -> None:
    sender = platform(slack)
    body = sender.in_response(ANSWER)
    assert body["response_type"] == "in_channel"
    assert block_mistakes(body["blocks"]) == []
    assert sender.in_response(Text("<no>", "en", private=True)) == {
        "response_type": "ephemeral", "text": "&lt;no&gt;", "mrkdwn": False,
    }  # fmt: skip
    long = sender.in_response(Text("&" * 10_000, "en"))
    assert len(long["text"]) <= 3900
    assert block_mistakes(long["blocks"]) == []


def test_a_reply_in_words_carries_its_buttons(slack: RecordingSlack) -> None:
    said = Text("Tuned.", "en", buttons=(Button("Apply 0.65", "/threshold 0.65"),))
    platform(slack).send(a_delivery(said))
    (message,) = slack.posted
    assert block_mistakes(message["blocks"]) == []
    (button,) = message["blocks"][-1]["elements"]
    assert (button["text"]["text"], button["value"], button["action_id"]) == (
        "Apply 0.65",
        "/threshold 0.65",
        "run:0",
    )
