from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.metrics import Metrics
from bot.platforms.kit import RejectedMessages, not_saved
from bot.platforms.slack.inbound import Inbound
from bot.platforms.slack.parser import BotIdentity
from bot.platforms.slack.socket_inbound import SocketInbound
from bot.platforms.slack.socket_protocol import Envelope
from bot.platforms.websocket import WireLostError
from bot.web.clock_skew import ClockWatch
from tests.bot.platforms.slack.test_routes import ClosedDesk, OpenDesk
from tests.support.slack_people import a_click, a_command, an_event


class Paper:
    """A wire that keeps what is sent, and what the desk had by then."""

    def __init__(self, desk: OpenDesk, *, is_lost: bool = False) -> None:
        self.desk = desk
        self.is_lost = is_lost
        self.sent: list[tuple[dict[str, Any], int]] = []

    def send(self, text: str) -> None:
        if self.is_lost:
            raise WireLostError("closed")
        self.sent.append((json.loads(text), len(self.desk.taken)))

    def receive(self, wait_seconds: float) -> None: ...
    def close(self) -> None: ...


def take(
    desk: OpenDesk, *envelopes: Envelope, is_lost: bool = False, metrics: Metrics | None = None
) -> Paper:
    rejected = RejectedMessages(
        "slack", quarantine=desk.quarantine, clock_watch=ClockWatch(), metrics=metrics or Metrics()
    )
    inbound = SocketInbound(Inbound(desk, rejected), lambda _: BotIdentity())
    paper = Paper(desk, is_lost=is_lost)
    for envelope in envelopes:
        inbound.take(envelope, paper)
    return paper


def an_envelope(kind: str, payload: dict[str, Any], id_: str = "e-1", **fields: Any) -> Envelope:
    return Envelope(id_, kind, payload, fields.get("app_id", "A1"), kind != "events_api")


EVENT = an_envelope("events_api", an_event())
COMMAND = an_envelope("slash_commands", a_command("/threshold", "0.65"))
CLICK = an_envelope("interactive", a_click({"action_id": "dial:up", "value": "a1:0.45", "action_ts": "1.1"}))


@pytest.mark.parametrize("envelope", [EVENT, COMMAND, CLICK], ids=lambda one: one.kind)
def test_what_comes_is_stored_before_it_is_acknowledged(envelope: Envelope) -> None:
    paper = take(OpenDesk(), envelope)
    assert paper.sent == [({"envelope_id": "e-1"}, 1)]


def test_a_command_reads_as_it_does_by_http() -> None:
    desk = OpenDesk()
    take(desk, COMMAND)
    (taken,) = desk.taken
    assert (taken.text, taken.channel.key, taken.keys[0].id) == (
        "/threshold 0.65",
        "slack:T1:C1",
        "trigger.1",
    )


def test_an_event_that_comes_in_a_second_envelope_is_taken_once_and_acknowledged_twice() -> None:
    desk = OpenDesk()
    paper = take(desk, EVENT, an_envelope("events_api", an_event(), "e-2"))
    assert [frame["envelope_id"] for frame, _ in paper.sent] == ["e-1", "e-2"]
    assert len(desk.taken) == 1


def test_an_event_that_could_not_be_stored_is_not_acknowledged() -> None:
    assert take(ClosedDesk(), EVENT).sent == []


@pytest.mark.parametrize("envelope", [COMMAND, CLICK], ids=lambda one: one.kind)
def test_whoever_has_to_repeat_it_is_told_so(envelope: Envelope) -> None:
    ((frame, _),) = take(ClosedDesk(), envelope).sent
    assert frame["payload"]["text"] == not_saved("en")
    assert frame["payload"]["response_type"] == "ephemeral"


def test_what_is_of_another_app_is_acknowledged_and_not_taken() -> None:
    desk, metrics = OpenDesk(), Metrics()
    paper = take(desk, an_envelope("events_api", an_event(), app_id="A2"), metrics=metrics)
    assert ([frame for frame, _ in paper.sent], desk.taken) == ([{"envelope_id": "e-1"}], [])
    assert b'ignored_total{platform="slack",reason="of another app"} 1.0' in metrics.text()


def test_a_kind_nobody_knows_is_acknowledged_so_that_it_does_not_come_again() -> None:
    desk = OpenDesk()
    assert len(take(desk, an_envelope("workflow_next", {})).sent) == 1
    assert desk.taken == []


def test_what_cannot_be_understood_is_kept_without_its_credentials() -> None:
    desk = OpenDesk()
    broken = a_command("no slash") | {"response_url": "https://hooks.slack.com/commands/secret"}
    take(desk, an_envelope("slash_commands", broken))
    ((_, _, reason, body),) = desk.aside
    assert reason == "no command"
    assert "secret" not in body


def test_a_line_that_is_lost_before_the_acknowledgement_harms_nothing() -> None:
    desk = OpenDesk()
    take(desk, EVENT, is_lost=True)
    assert len(desk.taken) == 1


ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=12),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=10,
)


@settings(max_examples=60)
@given(
    kind=st.sampled_from(["events_api", "slash_commands", "interactive", "new"]),
    base=st.sampled_from([an_event(), a_command(), a_click({"action_id": "dial:up", "value": "a1:0.4"}), {}]),
    data=st.data(),
)
def test_no_payload_makes_it_raise_and_each_is_acknowledged(
    kind: str, base: dict[str, Any], data: st.DataObject
) -> None:
    """One field of a good payload is anything at all, in an envelope of any kind."""
    field = data.draw(st.sampled_from([*base, "type"]))
    payload = base | {field: data.draw(ANYTHING)}
    assert len(take(OpenDesk(), an_envelope(kind, payload)).sent) == 1
