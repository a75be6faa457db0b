"""Slack as the conformance tests play it: mentions by signed events, answers by the Web API."""

from __future__ import annotations

import itertools
from typing import Any

from tests.support.platform_rig import SendingPlayer
from tests.support.slack import Fault, recording_slack
from tests.support.slack_people import SECRET, SlackPeople, an_event
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
        people = SlackPeople(self.program.client, now=lambda: self.clock.seconds)
        number = next(self._numbers)
        for _ in range(1 + again):
            people.event(an_event(text=f"<@U0BOT> {text}", number=number, channel=room))

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


PLAYERS = (OnSlack,)
