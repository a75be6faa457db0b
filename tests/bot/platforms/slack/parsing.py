"""Payloads of Slack, parsed for a bot that does not know its own user yet."""

from __future__ import annotations

from typing import Any

from bot.domain import IncomingMessage
from bot.platforms.slack.parser import BotIdentity, Reading, read_command, read_event, read_interaction
from tests.support.slack_people import a_click, a_command, an_event

OURS = BotIdentity()


def event(**fields: Any) -> Reading:
    return read_event(an_event(**fields), OURS)


def command(
    command: str = "/threshold", text: str = "", ours: BotIdentity = OURS, **fields: str
) -> IncomingMessage:
    reading = read_command(a_command(command, text, **fields), b"body", "1700000000", ours)
    assert isinstance(reading, IncomingMessage)
    return reading


def click(action: dict[str, Any], **fields: Any) -> Reading:
    (reading,) = read_interaction(a_click({"action_ts": "1700000001.000001"} | action, **fields))
    return reading


def text_of(reading: Reading) -> str:
    assert isinstance(reading, IncomingMessage), reading
    return reading.text
