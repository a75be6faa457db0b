"""Socket Mode over real sockets: the double on one side, the whole bot on the other."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from slack_sdk.socket_mode.builtin import SocketModeClient
from slack_sdk.web import WebClient

from bot.config import Bot
from bot.domain import Clock, PlatformError
from bot.platforms.host import Deployment
from bot.platforms.slack.adapter import ADAPTER
from bot.platforms.slack.socket_mode import SocketMode
from bot.platforms.websocket import WireLostError, WireRefusedError
from bot.process.control_socket import call
from tests.faults.building import until
from tests.support.engine import a_knowledge_base
from tests.support.program import Program, a_program
from tests.support.slack import RecordingSlack, error, recording_slack, too_fast
from tests.support.slack_people import an_event
from tests.support.slack_socket import APP_TOKEN, SocketSlack


@contextmanager
def connected(folder: Path, **keys: Any) -> Iterator[tuple[Program, SocketSlack]]:
    """A bot that connects to Slack and has no signing secret."""
    with recording_slack() as slack, SocketSlack(slack) as socket:
        table = {
            "app_token": APP_TOKEN,
            "bot_token": "xoxb-test",
            "api_url": slack.api_url,
            "response_hosts": [slack.origin],
        }
        base = a_knowledge_base(folder / "texts", "lemon", threshold=0.8)
        with a_program(folder, base, with_web=True, slack=table, **keys) as program:
            socket.connected()
            yield program, socket


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Program, SocketSlack]]:
    with connected(tmp_path_factory.mktemp("socket")) as started:
        yield started


def test_a_question_is_answered_in_its_thread(running: tuple[Program, SocketSlack]) -> None:
    _, socket = running
    socket.acknowledges(socket.says("lemon", channel="C11"))
    socket.slack.until(lambda: any(one.get("channel") == "C11" for one in socket.slack.posted))


def test_a_command_is_answered_through_its_response_address(running: tuple[Program, SocketSlack]) -> None:
    _, socket = running
    assert "payload" not in socket.acknowledges(socket.command("/threshold", "0.65", channel_id="C12"))
    socket.slack.until(lambda: any("0.65" in text for text in socket.slack.texts()))


def test_the_same_event_over_a_second_connection_is_answered_once(
    running: tuple[Program, SocketSlack],
) -> None:
    _, socket = running
    socket.disconnect("refresh_requested")
    socket.connected(2)
    repeated = an_event(text="<@U0BOT> lemon", number=4711, channel="C13")
    for over in (0, 1):
        socket.acknowledges(socket.event(repeated, over=over, retry_attempt=over))
    socket.acknowledges(socket.says("lemon", channel="C13"))
    socket.slack.until(lambda: sum(one.get("channel") == "C13" for one in socket.slack.posted) >= 2)
    threads = [one["thread_ts"] for one in socket.slack.posted if one.get("channel") == "C13"]
    assert threads.count("1700000000.004711") == 1
    socket.drop(0)
    socket.until(lambda: len(socket.live) == 1)


def test_nothing_comes_by_http_without_a_signing_secret(running: tuple[Program, SocketSlack]) -> None:
    program, _ = running
    assert program.people.says("lemon").status_code == 404


def test_the_running_bot_tells_its_state(running: tuple[Program, SocketSlack]) -> None:
    program, socket = running
    socket.connected()
    assert call(program.settings.bot.data_dir, "socket_mode", {}, print) in (["live"], ["opening"])


def test_socket_mode_that_is_switched_off_alarms_and_is_not_tried_again(tmp_path: Path) -> None:
    with connected(tmp_path) as (program, socket):
        socket.disconnect("link_disabled")
        socket.until(lambda: not socket.live)
        counted = 'kbdial_bot_connections_over_total{platform="slack"} 1.0'
        until(lambda: counted in program.app.metrics.text().decode())
        assert call(program.settings.bot.data_dir, "socket_mode", {}, print) == ["refused"]
        assert socket.greetings == 1


def a_mode(slack: RecordingSlack) -> SocketMode:
    return SocketMode(APP_TOKEN, slack.api_url, Clock())


def test_the_look_says_how_many_connections_there_are_and_leaves_none(slack: RecordingSlack) -> None:
    with SocketSlack(slack) as socket:
        assert "Slack counts 1 of this app's connections" in a_mode(slack).look()
        socket.until(lambda: not socket.live)
    assert slack.headers[0]["authorization"] == f"Bearer {APP_TOKEN}"


def test_a_token_that_slack_refuses_is_refused_for_good_and_not_shown(slack: RecordingSlack) -> None:
    with SocketSlack(slack) as socket:
        socket.refusal = "not_allowed_token_type"
        with pytest.raises(WireRefusedError, match="connections:write") as refused:
            a_mode(slack).open()
        assert APP_TOKEN not in str(refused.value)
        with pytest.raises(PlatformError, match="app_token"):
            a_mode(slack).look()


def test_a_slack_in_trouble_is_tried_again_and_as_late_as_it_wishes(slack: RecordingSlack) -> None:
    slack.will("apps.connections.open", error("internal_error"), too_fast("77"))
    with pytest.raises(WireLostError):
        a_mode(slack).open()
    with pytest.raises(WireLostError) as lost:
        a_mode(slack).open()
    assert lost.value.wait_seconds == 77


@pytest.mark.parametrize("url", ["", "http://127.0.0.1/", "file:///etc/passwd", "ws://127.0.0.1:9/"])
def test_an_address_that_is_none_or_leads_nowhere_is_no_connection(slack: RecordingSlack, url: str) -> None:
    slack.answers["apps.connections.open"] = lambda _: {"ok": True, "url": url}
    with pytest.raises(WireLostError):
        a_mode(slack).open()


def test_without_tls_no_socket_is_opened_beside_a_real_slack(slack: RecordingSlack) -> None:
    slack.answers["apps.connections.open"] = lambda _: {"ok": True, "url": "ws://127.0.0.1:9/"}
    mode = SocketMode(APP_TOKEN, slack.api_url, Clock())
    mode._is_plain = False
    with pytest.raises(WireLostError, match="no address"):
        mode.open()


def test_check_looks_at_the_socket_and_says_what_is_missing(slack: RecordingSlack) -> None:
    keys = {"api_url": slack.api_url, "bot_token": "xoxb-test", "app_token": APP_TOKEN}
    table = ADAPTER.section.model_validate(keys)
    deployment = Deployment.of(Bot())
    with SocketSlack(slack):
        looks = dict(ADAPTER.checks(table, deployment, lambda _: ["live"]))
        assert looks["slack socket mode"]().endswith("the running bot's is live")
        looks = dict(ADAPTER.checks(table, deployment, lambda _: ["refused"]))
        with pytest.raises(PlatformError, match="over for good"):
            looks["slack socket mode"]()
    nothing = ADAPTER.section.model_validate({"api_url": slack.api_url, "bot_token": "xoxb-test"})
    with pytest.raises(PlatformError, match="app_token"):
        dict(ADAPTER.checks(nothing, deployment, lambda _: None))["slack"]()


def test_the_double_is_what_slacks_own_client_takes_it_for(slack: RecordingSlack) -> None:
    """An independent reading of the frames: the SDK connects, takes an envelope and acknowledges it."""
    with SocketSlack(slack) as socket:
        client = SocketModeClient(APP_TOKEN, web_client=WebClient(base_url=f"{slack.api_url}/"))
        client.message_listeners.append(
            lambda own, message, _: (
                own.send_message(json.dumps({"envelope_id": message["envelope_id"]}))
                if message.get("type") == "events_api"
                else None
            )
        )
        client.connect()
        try:
            assert socket.acknowledges(socket.says("lemon"))
        finally:
            client.close()
