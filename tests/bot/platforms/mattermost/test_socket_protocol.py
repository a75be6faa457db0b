"""The frames of the WebSocket, read by hand and at random."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.platforms.mattermost.socket_protocol import Event, Greeting, Link, OutOfStep, Session

CONNECTION = "c" * 26


def an_event(seq: object, kind: object = "posted", **data: Any) -> str:
    return json.dumps({"event": kind, "data": data, "broadcast": {"channel_id": "r"}, "seq": seq})


def a_hello(connection_id: object = CONNECTION) -> str:
    return an_event(0, "hello", connection_id=connection_id, server_version="11.10.0.11.10.0.hash.true")


def an_open_link(session: Session | None = None) -> Link:
    link = Link(session or Session())
    assert link.begin(100.0) == {"seq": 1, "action": "ping"}
    return link


def test_a_greeting_names_the_connection_and_the_server() -> None:
    link = an_open_link()
    assert link.take(a_hello(), 101.0) == Greeting(CONNECTION, "11.10.0")
    assert link.state == "live"


def test_an_event_is_read_when_its_number_is_due() -> None:
    session = Session()
    session.begin(CONNECTION)
    link = an_open_link(session)
    meant = link.take(an_event(1, post="{}"), 101.0)
    assert meant == Event("posted", {"post": "{}"}, {"channel_id": "r"})
    assert link.take(an_event(1), 101.0) == Event("posted", {}, {"channel_id": "r"}), "not stored yet"
    session.advance()
    assert link.take(an_event(1), 101.0) == OutOfStep(1, 2)
    assert link.take(an_event(3), 101.0) == OutOfStep(3, 2)


def test_what_is_asked_for_again_is_the_number_that_is_due() -> None:
    session = Session()
    assert session.query == {}
    session.begin(CONNECTION)
    for _ in range(4):
        session.advance()
    assert session.query == {"connection_id": CONNECTION, "sequence_number": "5"}
    session.forget()
    assert session.query == {}


def test_a_connection_that_missed_nothing_is_live_by_its_first_ping() -> None:
    session = Session()
    session.begin(CONNECTION)
    link = an_open_link(session)
    assert link.take('{"status":"OK","seq_reply":1,"data":{"text":"pong"}}', 101.0) is None
    assert link.state == "live"


def test_who_is_not_let_in_is_not_live() -> None:
    link = an_open_link()
    assert link.take('{"status":"FAIL","seq_reply":1,"error":{"id":"x"}}', 101.0) is None
    assert link.state == "opening"
    assert link.is_dead(101.0)


def test_a_ping_without_an_answer_ends_it_after_ten_seconds() -> None:
    link = an_open_link()
    link.take(a_hello(), 100.0)
    assert link.ping_due(129.0) is None
    assert link.ping_due(130.0) == {"seq": 2, "action": "ping"}
    assert not link.is_dead(139.0)
    assert link.is_dead(140.0)
    link.take('{"status":"OK","seq_reply":2}', 139.5)
    assert not link.is_dead(140.0)


@pytest.mark.parametrize(
    "text",
    ["", "{", "[]", "null", b"\xff", "[" * 100_000, '{"event":7,"seq":1}', an_event("1"), an_event(True)],
)
def test_what_is_no_frame_is_passed_over(text: str | bytes) -> None:
    assert an_open_link().take(text, 101.0) is None


def test_a_greeting_without_an_id_is_an_event_like_others() -> None:
    assert an_open_link().take(a_hello("short"), 101.0) == Event(
        "hello",
        {"connection_id": "short", "server_version": "11.10.0.11.10.0.hash.true"},
        {"channel_id": "r"},
    )


ANY = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=6),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=6), inner, max_size=3),
    max_leaves=5,
)


@settings(max_examples=100)
@given(
    st.fixed_dictionaries({}, optional=dict.fromkeys(("event", "data", "broadcast", "seq", "seq_reply"), ANY))
)
def test_no_frame_is_too_broken(frame: dict[str, Any]) -> None:
    an_open_link().take(json.dumps(frame), 101.0)
