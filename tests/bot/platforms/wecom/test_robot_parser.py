from __future__ import annotations

import json
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.domain import Channel, IncomingMessage, MessageKey, Person, ShowMore, Surface, TurnDial, Vote
from bot.platforms.payload import Ignored, Quarantined
from bot.platforms.wecom.fields import stream_of
from bot.platforms.wecom.parsed import (
    Declined,
    Feedback,
    Malformed,
    Poll,
    Reading,
    Robot,
    Welcome,
)
from bot.platforms.wecom.robot_parser import read_content, read_robot
from tests.bot.platforms.wecom.mutations import junk, messages, mutated
from tests.bot.platforms.wecom.vectors import vector

NOW = 1790000000
BOT = "AIBOT_TEST_0001"
GROUP = Channel("wecom", BOT, "group:wrTESTCHAT0000000000000000000001")
ZHANGSAN, LISI = Person("wecom", BOT, "zhangsan"), Person("wecom", BOT, "lisi")
ROBOT = Robot("support", BOT, names=("知识库助手",))
RESPONSE_URL = "https://qyapi.weixin.qq.com/cgi-bin/aibot/response?response_code=TEST_RESPONSE_CODE"


def read(content: object, *, robot: Robot = ROBOT, now: float = NOW + 0.5) -> Reading | Malformed:
    return read_robot(json.dumps(content).encode(), robot, now=now)


def read_vector(name: str) -> Reading | Malformed:
    return read_robot(vector(name)["plaintext"].encode(), ROBOT, now=NOW)


def a_body(name: str = "aibot-group-threshold", **changed: Any) -> dict[str, Any]:
    body = json.loads(vector(name)["plaintext"]) | changed
    return {key: value for key, value in body.items() if value is not None}


def a_press(event_key: str, task_id: str, selected: object = None, **changed: Any) -> dict[str, Any]:
    event = {"card_type": "button_interaction", "event_key": event_key, "task_id": task_id}
    return a_body(
        "aibot-template-card-event",
        event={
            "eventtype": "template_card_event",
            "template_card_event": event | ({"selected_items": selected} if selected else {}),
        },
        **changed,
    )


def text_of(reading: Reading | Malformed) -> str:
    assert isinstance(reading, IncomingMessage)
    return reading.text


def test_a_group_message_is_read_whole() -> None:
    assert read_vector("aibot-group-threshold") == IncomingMessage(
        channel=GROUP,
        person=ZHANGSAN,
        keys=(MessageKey("msgid", "m-0001"), MessageKey("stream", stream_of(BOT, "m-0001"))),
        surface=Surface.MESSAGE,
        text="@知识库助手 /threshold 0.65",
        mentioned=True,
        address={"robot": "support", "response_url": RESPONSE_URL, "stream": stream_of(BOT, "m-0001")},
    )


def test_a_direct_chat_is_keyed_by_its_person() -> None:
    reading = read_vector("aibot-single-question")
    assert isinstance(reading, IncomingMessage)
    assert reading.channel == Channel("wecom", BOT, "single:woTESTOPAQUEUSERID000000000001")
    assert (reading.is_direct, reading.mentioned) == (True, False)


def test_the_parts_of_a_mixed_message_are_joined_with_a_space() -> None:
    text, image = (
        {"msgtype": "text", "text": {"content": " 图里的"}},
        {"msgtype": "image", "image": {"url": "https://x.test"}},
    )
    more = {"msgtype": "text", "text": {"content": "错误码 "}}
    assert text_of(read(a_body(msgtype="mixed", mixed={"msg_item": [text, image, more]}))) == "图里的 错误码"


def test_a_voice_message_is_what_was_understood() -> None:
    spoken = a_body("aibot-single-question", msgtype="voice", voice={"content": "退货运费谁承担"})
    assert text_of(read(spoken)) == "退货运费谁承担"


def test_a_quote_beside_a_question_is_left_out() -> None:
    assert text_of(read_vector("aibot-group-question-quote")) == "@知识库助手 这个订单能退吗"


@pytest.mark.parametrize("written", ["@知识库助手", "@知识库助手 ", "", "＠知识库助手　"])
def test_who_quotes_and_writes_nothing_asks_what_is_quoted(written: str) -> None:
    quote = {"msgtype": "text", "text": {"content": "客户说已经签收 8 天"}}
    assert text_of(read(a_body(text={"content": written}, quote=quote))) == "/ask 客户说已经签收 8 天"


def test_a_quoted_command_is_never_carried_out() -> None:
    quote = {"msgtype": "text", "text": {"content": "/threshold 0.1"}}
    assert text_of(read(a_body(text={"content": "@知识库助手"}, quote=quote))) == "/ask /threshold 0.1"


def test_a_quote_under_a_picture_is_asked() -> None:
    picture = {"msgtype": "image", "image": {"url": "https://x.test"}}
    quote = {
        "msgtype": "mixed",
        "mixed": {"msg_item": [picture, {"msgtype": "text", "text": {"content": "发货"}}]},
    }
    assert text_of(read(a_body(msgtype="mixed", mixed={"msg_item": [picture]}, quote=quote))) == "/ask 发货"


@pytest.mark.parametrize(
    ("quote", "media"),
    [
        ({"msgtype": "file", "file": {"url": "https://x.test"}}, "file"),
        ({"msgtype": "video"}, "video"),
        ({"msgtype": "mixed", "mixed": {"msg_item": [{"msgtype": "image"}]}}, "image"),
    ],
)
def test_who_quotes_what_has_no_words_is_told_that_words_are_needed(
    quote: dict[str, Any], media: str
) -> None:
    reading = read(a_body(text={"content": "@知识库助手"}, quote=quote))
    assert isinstance(reading, Declined)
    assert (reading.media, reading.stream) == (media, stream_of(BOT, "m-0001"))


@pytest.mark.parametrize(
    "quote", [None, 5, {}, {"msgtype": []}, {"msgtype": "image"}, {"msgtype": "text", "text": 1}]
)
def test_a_quote_that_cannot_be_read_takes_nothing_from_the_message(quote: object) -> None:
    assert text_of(read(a_body(quote=quote))) == "@知识库助手 /threshold 0.65"


@pytest.mark.parametrize("media", ["image", "file", "video"])
def test_pictures_and_files_are_declined_in_a_stream_of_their_own(media: str) -> None:
    body = a_body("aibot-single-question", msgtype=media, **{media: {"url": "https://x.test"}})
    person = Person("wecom", BOT, "woTESTOPAQUEUSERID000000000001")
    channel = Channel("wecom", BOT, f"single:{person.id}")
    assert read(body) == Declined(media, channel, person, stream_of(BOT, "m-0004"))  # type: ignore[arg-type]  # one of the three


def test_a_mixed_message_without_words_is_declined_as_a_picture() -> None:
    item = {"msgtype": "image", "image": {"url": "https://x.test"}}
    reading = read(a_body(msgtype="mixed", mixed={"msg_item": [item]}))
    assert isinstance(reading, Declined)
    assert reading.media == "image"


def test_a_poll_names_the_stream() -> None:
    assert read_vector("aibot-stream-refresh") == Poll("stream-0001", GROUP, ZHANGSAN)


def test_entering_the_chat_needs_neither_chatid_nor_chattype() -> None:
    assert read_vector("aibot-enter-chat") == Welcome(Channel("wecom", BOT, "single:zhangsan"), ZHANGSAN)


def test_feedback_is_read_with_its_reasons() -> None:
    reading = read_vector("aibot-feedback-event")
    assert isinstance(reading, Feedback)
    assert reading == Feedback(reading.key, "fb-0001", "inaccurate", GROUP, LISI, "能再详细一些么", (2, 4))


def test_a_press_on_the_dial_turns_it() -> None:
    reading = read(a_press("threshold:0.70", "dial@a1@x9"))
    assert isinstance(reading, IncomingMessage)
    assert reading.action == TurnDial("a1", Decimal("0.70"))
    assert (reading.surface, reading.person, reading.channel) == (Surface.ACTION, LISI, GROUP)
    assert reading.address["task"] == "dial@a1@x9"


def test_a_vote_names_the_chosen_match() -> None:
    selected = {"selected_item": [{"question_key": "match", "option_ids": {"option_id": ["e 7"]}}]}
    reading = read(a_press("vote:down", "dial@a1@x9", selected))
    assert isinstance(reading, IncomingMessage)
    assert reading.action == Vote("a1", "e 7", "not helpful")


def test_more_is_asked_for_from_an_offset() -> None:
    reading = read(a_press("more:5", "dial@a1@x9"))
    assert isinstance(reading, IncomingMessage)
    assert reading.action == ShowMore("a1", 5)


@pytest.mark.parametrize(
    ("key", "task"),
    [
        ("threshold:0.70", "thr-0001"),
        ("threshold:1.5", "dial@a@x"),
        ("threshold:٠.5", "dial@a@x"),
        ("threshold:nan", "dial@a@x"),
        ("vote:up", "dial@a@x"),
        ("submit", "dial@a@x"),
        ("threshold:0.5", "dial@a b@x"),
    ],
)
def test_a_card_that_is_not_ours_is_ignored(key: str, task: str) -> None:
    assert read(a_press(key, task)) == Ignored("not a card of ours")


def test_the_other_spelling_of_the_event_key_is_read_too() -> None:
    press = a_press("threshold:0.70", "dial@a1@x9")
    event = press["event"]["template_card_event"]
    event["eventkey"] = event.pop("event_key")
    assert isinstance(read(press), IncomingMessage)


def test_events_without_an_id_are_told_apart_by_all_they_hold() -> None:
    def keys(**changed: Any) -> tuple[MessageKey, ...]:
        reading = read(a_press("threshold:0.70", "dial@a1@x9", msgid=None, **changed))
        assert isinstance(reading, IncomingMessage)
        return reading.keys

    assert keys() == keys()
    others = [
        keys(),
        keys(create_time=NOW + 2),
        keys(**{"from": {"userid": "wangwu"}}),
    ]
    assert len(set(others)) == len(others)


@pytest.mark.parametrize("created", [NOW - 86_400, NOW + 86_400, 10**400], ids=("past", "future", "endless"))
def test_an_event_of_another_time_is_put_aside(created: int) -> None:
    assert read(a_press("threshold:0.70", "dial@a1@x9", create_time=created)) == Quarantined("stale", BOT)


def test_a_message_for_another_bot_is_put_aside() -> None:
    assert read(a_body(aibotid="OTHER")) == Quarantined("meant for another bot", BOT)


def test_a_robot_without_an_id_takes_the_one_that_comes() -> None:
    reading = read(a_body(aibotid="OTHER"), robot=Robot("support"))
    assert isinstance(reading, IncomingMessage)
    assert reading.channel.tenant == "OTHER"


def test_the_id_of_a_frame_is_kept_to_answer_it() -> None:
    reading = read_content(a_body(response_url=None), ROBOT, now=NOW, request="req-1")
    assert isinstance(reading, IncomingMessage)
    assert reading.address == {"robot": "support", "request": "req-1", "stream": stream_of(BOT, "m-0001")}


@pytest.mark.parametrize(
    "body",
    [
        a_body(msgid=None),
        a_body(msgid=""),
        a_body(msgid="a b"),
        a_body(chatid=7),
        a_body(chatid=None),
        a_body(text=None),
        a_body(text={"content": None}),
        a_body(msgtype="mixed", mixed={"msg_item": {}}),
        a_body(msgtype=None),
        a_body() | {"from": None},
        a_body() | {"from": {"userid": "x" * 129}},
        a_body("aibot-enter-chat", event="enter_chat"),
        [],
        "text",
        None,
    ],
    ids=range(15),
)
def test_a_known_type_in_a_broken_shape_is_put_aside(body: object) -> None:
    assert isinstance(read(body), Quarantined)


def test_who_sends_what_has_no_known_type_is_told_that_words_are_needed() -> None:
    """A forwarded chat record, in a direct chat."""
    reading = read(a_body("aibot-single-question", msgtype="chatrecord", chatrecord={"item": []}))
    assert isinstance(reading, Declined)
    assert reading.media == "message"


def test_events_of_unknown_types_are_ignored() -> None:
    assert isinstance(read(a_body("aibot-enter-chat", event={"eventtype": "x"})), Ignored)


@pytest.mark.parametrize("body", [b"", b"\xff", b"{", b"[" * 60_000, b'{"a":1,"a":2}'])
def test_what_is_not_json_is_malformed(body: bytes) -> None:
    assert isinstance(read_robot(body, ROBOT, now=NOW + 0.5), Malformed)


def test_no_half_character_and_no_nul_gets_through() -> None:
    text = text_of(read(a_body(text={"content": "a\ud800b\x00c"})))
    assert text == "a\ufffdbc"


def test_a_stream_is_the_same_for_every_repeat_and_no_other() -> None:
    assert stream_of("b", "m") == stream_of("b", "m")
    assert len({stream_of("b", "m"), stream_of("b2", "m"), stream_of("b", "m2")}) == 3
    assert len(stream_of("b", "m" * 500)) <= 64


SEEDS = [
    *messages(),
    a_press("vote:up", "dial@a@x", {"selected_item": [{"question_key": "q", "option_ids": {}}]}),
]


@given(mutated(SEEDS))
def test_any_mutation_of_a_genuine_body_is_read_as_something(body: dict[str, Any]) -> None:
    reading = read(body)
    if isinstance(reading, IncomingMessage):
        json.dumps(reading.text, ensure_ascii=False).encode()


@given(st.binary() | junk.map(lambda value: json.dumps(value).encode()))
def test_no_bytes_make_it_raise(body: bytes) -> None:
    read_robot(body, ROBOT, now=NOW + 0.5)
