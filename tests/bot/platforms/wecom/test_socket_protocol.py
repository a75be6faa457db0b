from __future__ import annotations

import json
from itertools import count
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from bot.platforms.link import as_text
from bot.platforms.wecom.socket_protocol import (
    Acknowledged,
    Called,
    Link,
)


def a_link() -> Link:
    numbers = count(1)
    return Link("AIBOT1", "S1k7Qm2xRz", new_id=lambda: f"id-{next(numbers)}")


def a_live_link(now: float = 0.0) -> Link:
    link = a_link()
    subscribe = first_frame(link, now)
    acknowledge(link, subscribe, now=now)
    assert link.state == "live"
    return link


def first_frame(link: Link, now: float) -> dict[str, Any]:
    frame = link.begin(now)
    assert frame is not None
    return frame


def acknowledge(link: Link, frame: dict[str, Any], *, code: int = 0, now: float = 0.0) -> object:
    return link.take(json.dumps({"headers": frame["headers"], "errcode": code, "errmsg": ""}), now)


def test_the_first_frame_subscribes() -> None:
    assert first_frame(a_link(), 0) == {
        "cmd": "aibot_subscribe",
        "headers": {"req_id": "id-1"},
        "body": {"bot_id": "AIBOT1", "secret": "S1k7Qm2xRz"},
    }


def test_wrong_credentials_end_it_for_good() -> None:
    link = a_link()
    acknowledge(link, first_frame(link, 0), code=853000)
    link.lost(1)
    assert (link.state, link.is_over) == ("refused", True)


def test_who_is_evicted_does_not_come_back() -> None:
    link = a_live_link()
    event = {"cmd": "aibot_event_callback", "headers": {"req_id": "x"}}
    link.take(json.dumps(event | {"body": {"event": {"eventtype": "disconnected_event"}}}), 1)
    link.lost(1)
    assert (link.state, link.is_over) == ("evicted", True)


def test_another_error_on_subscribing_is_tried_again() -> None:
    link = a_link()
    acknowledge(link, first_frame(link, 0), code=-1, now=1)
    assert link.is_dead(1)
    assert not link.is_over


def test_the_waits_grow_to_thirty_seconds_and_start_again_after_a_success() -> None:
    link = a_link()
    waits = []
    for _ in range(7):
        link.lost(0)
        waits.append(link.try_again_at)
    assert waits == [1, 2, 4, 8, 16, 30, 30]
    acknowledge(link, first_frame(link, 100), now=100)
    link.lost(200)
    assert link.try_again_at == 201


def test_a_ping_goes_out_every_thirty_seconds() -> None:
    link = a_live_link()
    assert link.ping_due(29.9) is None
    ping = link.ping_due(30)
    assert ping is not None
    assert ping == {"cmd": "ping", "headers": ping["headers"]}
    assert link.ping_due(31) is None


def test_two_missed_pings_are_a_dead_link_and_one_is_not() -> None:
    link = a_live_link()
    assert link.ping_due(30)
    assert not link.is_dead(60)
    assert link.ping_due(60)
    assert not link.is_dead(89)
    assert link.is_dead(90)


def test_an_answer_to_a_later_ping_forgives_an_earlier_one() -> None:
    link = a_live_link()
    link.ping_due(30)
    second = link.ping_due(60)
    assert second
    assert acknowledge(link, second, now=61) is None
    assert not link.is_dead(90)
    assert link.ping_due(90)
    assert not link.is_dead(120)


def test_a_subscription_nobody_answers_is_dead_after_ten_seconds() -> None:
    link = a_link()
    first_frame(link, 5)
    assert not link.is_dead(14.9)
    assert link.is_dead(15)


def test_calls_and_acknowledgements_are_told_apart() -> None:
    link = a_live_link()
    message = {"cmd": "aibot_msg_callback", "headers": {"req_id": "r"}, "body": {"msgid": "m"}}
    assert link.take(json.dumps(message), 0) == Called("message", "r", {"msgid": "m"})
    answered = {"headers": {"req_id": "mine"}, "errcode": 846605, "body": {"a": 1}}
    assert link.take(json.dumps(answered), 0) == Acknowledged("mine", 846605, {"a": 1})


def test_secrets_leave_in_the_first_frame_only() -> None:
    link = a_live_link()
    assert "S1k7Qm2xRz" not in as_text(link.ping_due(30) or {})
    assert "S1k7Qm2xRz" not in repr(vars(link).get("state"))


@given(
    st.binary()
    | st.text()
    | st.recursive(
        st.none() | st.integers() | st.text(),
        lambda inner: (
            st.lists(inner)
            | st.dictionaries(st.sampled_from(["cmd", "headers", "req_id", "body", "errcode"]), inner)
        ),
    ).map(json.dumps)
)
def test_no_frame_makes_it_raise(text: str | bytes) -> None:
    a_live_link().take(text, 0)


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"cmd": 5}', '{"headers": 5}', "[" * 60_000])
def test_a_frame_that_says_nothing_changes_nothing(text: str) -> None:
    link = a_live_link()
    assert not isinstance(link.take(text, 0), Called)
    assert link.state == "live"


class Lives(RuleBasedStateMachine):
    """Whatever happens in whatever order, what is over stays over, and nothing is sent when not live."""

    def __init__(self) -> None:
        super().__init__()
        self.link = a_link()
        self.now = 0.0
        self.over: str | None = None
        self.subscribe: dict[str, Any] = {}

    @rule(seconds=st.floats(0, 100))
    def time_passes(self, seconds: float) -> None:
        self.now += seconds

    @precondition(lambda self: self.link.state == "away")
    @rule()
    def a_connection_opens(self) -> None:
        self.subscribe = first_frame(self.link, self.now)

    @precondition(lambda self: self.subscribe)
    @rule(code=st.sampled_from([0, -1, 853000]))
    def it_is_answered(self, code: int) -> None:
        acknowledge(self.link, self.subscribe, code=code, now=self.now)

    @rule()
    def it_is_lost(self) -> None:
        self.link.lost(self.now)
        assert self.link.is_over or self.now < self.link.try_again_at <= self.now + 30

    @rule()
    def a_ping_may_be_due(self) -> None:
        assert self.link.ping_due(self.now) is None or self.link.state == "live"

    @rule()
    def another_takes_over(self) -> None:
        body = {"event": {"eventtype": "disconnected_event"}}
        if not self.link.is_over:
            self.link.take(json.dumps({"cmd": "aibot_event_callback", "body": body}), self.now)

    @invariant()
    def what_is_over_stays_over(self) -> None:
        assert self.over is None or self.link.state == self.over
        if self.link.is_over:
            self.over = self.link.state


TestLives = Lives.TestCase
