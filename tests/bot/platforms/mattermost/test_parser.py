"""Reading posts: what asks us, what does not, and what nobody can read."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.domain import IncomingMessage, Surface
from bot.platforms.mattermost.parser import OwnAccount, Reading, Room, read_event_post, read_post
from bot.platforms.payload import Ignored, Quarantined

US = OwnAccount("chat.example.com", "b" * 26, "kbdial")
LI, ROOM, POST, ROOT = "l" * 26, "r" * 26, "p" * 26, "t" * 26


def a_post(message: str = "@kbdial lemon", **more: Any) -> dict[str, Any]:
    post = {
        "id": POST,
        "user_id": LI,
        "channel_id": ROOM,
        "root_id": "",
        "message": message,
        "type": "",
        "props": {},
        "create_at": 1790000000000,
        "edit_at": 0,
        "delete_at": 0,
    }
    return post | more


def read(post: dict[str, Any], kind: str = "O", name: str = "li") -> Reading:
    return read_post(post, Room(ROOM, kind), US, name=name)


def message_of(reading: Reading) -> IncomingMessage:
    assert isinstance(reading, IncomingMessage), reading
    return reading


def test_a_post_that_names_us_is_a_question_in_its_own_thread() -> None:
    message = message_of(read(a_post()))
    assert message.channel.key == f"mattermost:chat.example.com:{ROOM}"
    assert (message.person.key, message.person.name) == (f"mattermost:chat.example.com:{LI}", "li")
    assert (message.text, message.mentioned, message.is_direct) == ("lemon", True, False)
    assert message.surface is Surface.MESSAGE
    assert [(key.kind, key.id) for key in message.keys] == [("post", POST)]
    assert message.address == {"user": LI, "root_id": POST, "question": POST}
    assert message.thread == POST


def test_a_reply_is_answered_in_the_thread_it_stands_in() -> None:
    message = message_of(read(a_post(root_id=ROOT)))
    assert message.address["root_id"] == message.thread == ROOT


def test_between_two_no_name_is_needed_and_no_thread_is_opened() -> None:
    message = message_of(read(a_post("lemon"), "D"))
    assert (message.text, message.mentioned, message.is_direct) == ("lemon", False, True)
    assert (message.address, message.thread) == ({"user": LI, "question": POST, "direct": "1"}, "")
    assert message_of(read(a_post("lemon", root_id=ROOT), "D")).address["root_id"] == ROOT


@pytest.mark.parametrize("kind", ["O", "P", "G"])
def test_in_a_room_only_our_name_wakes_us(kind: str) -> None:
    assert message_of(read(a_post(), kind)).mentioned
    for text in ("lemon", "@channel lemon", "@all", "`@kbdial`", "@kbdialer"):
        assert read(a_post(text), kind) == Ignored("not addressed")


@pytest.mark.parametrize(
    ("more", "why"),
    [
        ({"user_id": US.user_id}, "our own"),
        ({"type": "system_join_channel"}, "a post of the server"),
        ({"type": "custom_poll"}, "a post of the server"),
        ({"type": "me"}, "a post of the server"),
        ({"type": ["?"]}, "a post of the server"),
        ({"props": {"from_webhook": "true"}}, "a bot"),
        ({"props": {"from_bot": "true"}}, "a bot"),
        ({"props": {"from_plugin": True}}, "a bot"),
        ({"props": {"from_oauth_app": "true"}}, "a bot"),
        ({"delete_at": 1790000000001}, "taken back"),
    ],
)
def test_what_nobody_says_to_us_is_passed_over(more: dict[str, Any], why: str) -> None:
    assert read(a_post(**more)) == Ignored(why)


def test_a_post_with_attachments_is_still_somebodys() -> None:
    assert message_of(read(a_post(type="slack_attachment", props={"attachments": []})))


def test_a_file_without_words_is_an_empty_question() -> None:
    assert message_of(read(a_post("", file_ids=["f" * 26]), "D")).text == ""


@pytest.mark.parametrize(
    "more",
    [{"id": "short"}, {"user_id": 7}, {"message": None}, {"channel_id": "x:y"}, {"root_id": ["a"]}],
)
def test_a_broken_post_is_put_aside(more: dict[str, Any]) -> None:
    assert isinstance(read(a_post(**more), "D"), Quarantined)


@pytest.mark.parametrize("post", ["", "{", "[]", "7", "[" * 100_000, None, {"id": POST}])
def test_an_event_without_a_post_is_put_aside(post: object) -> None:
    assert isinstance(read_event_post({"post": post}), Quarantined)


def test_the_post_in_an_event_is_json_in_a_text() -> None:
    assert read_event_post({"post": json.dumps(a_post())}) == a_post()


def test_control_characters_do_not_get_in() -> None:
    message = message_of(read(a_post("@kbdial le\x00mon\x1b[31m \ud800"), name="l\x07i"))
    assert message.text == "lemon[31m \ufffd"
    assert message.person.name == "li"


ANY = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=6,
)
FIELDS = st.sampled_from(list(a_post()))


@settings(max_examples=100)
@given(st.dictionaries(FIELDS, ANY, max_size=4), st.sampled_from("OPDG?"))
def test_no_post_is_too_broken_to_be_read(broken: dict[str, Any], kind: str) -> None:
    reading = read(a_post() | broken, kind)
    if isinstance(reading, IncomingMessage):
        assert len(reading.channel.id) == len(reading.person.id) == 26


@settings(max_examples=100)
@given(ANY)
def test_no_event_is_too_broken_to_be_read(post: Any) -> None:
    for data in ({"post": post}, {"post": json.dumps(post)}):
        found = read_event_post(data)
        if not isinstance(found, Quarantined):
            read_post(found, Room(ROOM, "D"), US)
