from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.platforms.slack.socket_protocol import SWITCHED_OFF, Envelope, SocketLink

HELLO = {"type": "hello", "num_connections": 2, "connection_info": {"app_id": "A1"}}
EVENT = {"type": "events_api", "envelope_id": "e-1", "payload": {"api_app_id": "A1"}}


def a_live_link() -> SocketLink:
    link = SocketLink()
    assert link.begin(0) is None
    assert hear(link, HELLO) is None
    assert link.state == "live"
    return link


def hear(link: SocketLink, frame: object) -> Envelope | None:
    return link.take(json.dumps(frame), 1)


def test_slack_greets_first_and_says_how_many_connections_there_are() -> None:
    assert a_live_link().connections == 2


def test_an_envelope_is_what_would_have_come_by_http() -> None:
    assert hear(a_live_link(), EVENT) == Envelope("e-1", "events_api", {"api_app_id": "A1"}, "A1", False)


def test_only_what_takes_a_payload_is_given_one() -> None:
    command = hear(a_live_link(), EVENT | {"type": "slash_commands", "accepts_response_payload": True})
    event = hear(a_live_link(), EVENT)
    assert command is not None
    assert event is not None
    assert command.acknowledgement({"text": "x"}) == {"envelope_id": "e-1", "payload": {"text": "x"}}
    assert event.acknowledgement({"text": "x"}) == {"envelope_id": "e-1"}


@pytest.mark.parametrize("reason", ["warning", "refresh_requested", "something_new", None])
def test_a_connection_that_ends_soon_is_replaced(reason: str | None) -> None:
    link = a_live_link()
    hear(link, {"type": "disconnect", "reason": reason})
    assert (link.state, link.is_over) == ("draining", False)
    assert hear(link, EVENT) is not None


def test_socket_mode_that_was_switched_off_is_over() -> None:
    link = a_live_link()
    hear(link, {"type": "disconnect", "reason": "link_disabled"})
    link.lost(2)
    assert (link.state, link.why_over) == ("refused", SWITCHED_OFF)


@pytest.mark.parametrize(
    "frame",
    [
        {},
        [],
        5,
        {"type": "events_api"},
        {"type": "events_api", "envelope_id": 5, "payload": {}},
        {"type": "events_api", "envelope_id": "x" * 256, "payload": {}},
        {"type": "events_api", "envelope_id": "a\nb", "payload": {}},
        {"type": 5, "envelope_id": "e-1", "payload": {}},
    ],
)
def test_what_is_no_envelope_changes_nothing(frame: object) -> None:
    link = a_live_link()
    assert hear(link, frame) is None
    assert link.state == "live"


@pytest.mark.parametrize("text", ["", "{", b"\xff\xfe", "[" * 100_000, '{"type":"hello"}', "x" * 1_000_000])
def test_what_cannot_be_read_is_passed_over(text: str | bytes) -> None:
    assert a_live_link().take(text, 0) is None


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)


@settings(max_examples=60)
@given(
    st.fixed_dictionaries(
        {},
        optional={
            "type": st.sampled_from(["hello", "disconnect", "events_api", "slash_commands", "new"]) | JSON,
            "envelope_id": st.just("e-1") | JSON,
            "payload": JSON,
            "reason": st.sampled_from(["warning", "link_disabled"]) | JSON,
            "connection_info": JSON,
            "num_connections": JSON,
            "accepts_response_payload": JSON,
        },
    )
)
def test_no_frame_makes_it_raise_and_what_it_gives_can_be_acknowledged(frame: dict[str, Any]) -> None:
    link = a_live_link()
    envelope = hear(link, frame)
    assert envelope is None or envelope.acknowledgement()["envelope_id"] == frame["envelope_id"]
    assert link.state in {"live", "draining", "refused"}
