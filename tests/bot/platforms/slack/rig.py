"""Slack as the conformance tests play it: signed events or a socket, and answers by the Web API."""

from __future__ import annotations

import itertools
from typing import Any

from tests.support.life import Life
from tests.support.platform_rig import SendingPlayer
from tests.support.slack import Fault, recording_slack
from tests.support.slack_people import SECRET, JsonObject, SlackPeople, an_event
from tests.support.slack_socket import APP_TOKEN, SocketSlack
from tests.support.wecom_api import VirtualClock


class OnSlack(SendingPlayer):
    name = "slack"

    def __init__(self, clock: VirtualClock) -> None:
        super().__init__(clock)
        self._slack = self.closing.enter_context(recording_slack())
        self._numbers = itertools.count(1)

    @property
    def table(self) -> dict[str, Any]:
        return {
            "signing_secrets": [SECRET],
            "bot_token": "xoxb-test",
            "api_url": self._slack.api_url,
            "response_hosts": [self._slack.origin],
        }

    def say(self, text: str, room: str, *, again: int = 0) -> None:
        event = an_event(text=f"<@U0BOT> {text}", number=next(self._numbers), channel=room)
        for _ in range(1 + again):
            self._send(event)

    def _send(self, event: JsonObject) -> None:
        SlackPeople(self.program.client, now=lambda: self.clock.seconds).event(event)

    def seen(self, room: str) -> list[str]:
        return [str(message["text"]) for message in self._slack.posted if message.get("channel") == room]

    def rung(self) -> int:
        return self._slack.rung

    def refuse_for_good(self) -> None:
        self._slack.will("chat.postMessage", Fault(body='{"ok":false,"error":"channel_not_found"}'))

    def slow_down(self) -> None:
        self._slack.will("chat.postMessage", Fault(429, "{}", headers={"Retry-After": "30"}))

    def lose_the_answer(self) -> None:
        self._slack.will("chat.postMessage", Fault(0, stores=True))


class OnSlackSocket(OnSlack):
    name = "slack connection"
    needs_web = True

    def __init__(self, clock: VirtualClock) -> None:
        super().__init__(clock)
        self._socket = self.closing.enter_context(SocketSlack(self._slack))

    @property
    def table(self) -> dict[str, Any]:
        return super().table | {"signing_secrets": [], "app_token": APP_TOKEN}

    def begin(self, program: Life) -> None:
        super().begin(program)
        states = program.app.operations["socket_mode"]
        program.settle(lambda: states({}, lambda _: None) == ["live"])

    def _send(self, event: JsonObject) -> None:
        self._socket.event(event)


PLAYERS = (OnSlack, OnSlackSocket)
