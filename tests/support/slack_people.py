"""The signed requests that Slack sends to the bot when people write, type commands and click."""

from __future__ import annotations

import hmac
import itertools
import json
from collections.abc import Callable
from hashlib import sha256
from typing import Any
from urllib.parse import urlencode

from flask.testing import FlaskClient
from werkzeug.test import TestResponse

SECRET = "8f742231b10e8888abcd99yyyzzz85a5"
JsonObject = dict[str, Any]


def signature(body: bytes, timestamp: str, secret: str = SECRET) -> str:
    base = b"v0:" + timestamp.encode() + b":" + body
    return "v0=" + hmac.new(secret.encode(), base, sha256).hexdigest()


class SlackPeople:
    """Sends to a Flask application as Slack would. `response_url` goes along with commands and clicks."""

    def __init__(
        self,
        client: FlaskClient,
        *,
        now: Callable[[], float],
        secret: str = SECRET,
        response_url: str = "https://hooks.slack.com/commands/T1/1/x",
    ) -> None:
        self._client = client
        self._now = now
        self._secret = secret
        self._response_url = response_url
        self._numbers = itertools.count(1)

    def post(self, path: str, body: bytes, content_type: str, **headers: str) -> TestResponse:
        """Post these bytes, signed now; `headers` (with underscores) come on top."""
        timestamp = str(int(self._now()))
        signed = {
            "X-Slack-Request-Timestamp": timestamp,
            "X-Slack-Signature": signature(body, timestamp, self._secret),
        }
        signed |= {name.replace("_", "-"): value for name, value in headers.items()}
        return self._client.post(path, data=body, content_type=content_type, headers=signed)

    def event(self, envelope: object) -> TestResponse:
        return self.post("/slack/events", json.dumps(envelope).encode(), "application/json")

    def says(self, text: str, **fields: Any) -> TestResponse:
        """Somebody mentions the bot in a channel."""
        return self.event(an_event(text=f"<@U0BOT> {text}", number=next(self._numbers), **fields))

    def command(self, command: str, text: str = "", **fields: str) -> TestResponse:
        form = a_command(command, text, trigger_id=f"trigger.{next(self._numbers)}") | {
            "response_url": self._response_url
        }
        return self.post(
            "/slack/commands", urlencode(form | fields).encode(), "application/x-www-form-urlencoded"
        )

    def clicks(self, element: JsonObject, **fields: Any) -> TestResponse:
        """Somebody presses a button, or picks `selected_option` from a menu."""
        action = {"block_id": "b", "action_ts": f"1700000001.{next(self._numbers):06d}"} | element
        payload = a_click(action) | {"response_url": self._response_url} | fields
        body = urlencode({"payload": json.dumps(payload)}).encode()
        return self.post("/slack/interactions", body, "application/x-www-form-urlencoded")


def an_event(*, text: str = "<@U0BOT> hello", number: int = 1, **fields: Any) -> JsonObject:
    """The envelope of a mention; `fields` replace those of the inner event, None removes one."""
    event = {
        "type": "app_mention",
        "user": "U1",
        "text": text,
        "ts": f"1700000000.{number:06d}",
        "channel": "C1",
        "event_ts": f"1700000000.{number:06d}",
    } | fields
    return {
        "token": "old",
        "team_id": "T1",
        "api_app_id": "A1",
        "type": "event_callback",
        "event_id": f"Ev{number:04d}",
        "event_time": 1_700_000_000,
        "authorizations": [{"enterprise_id": None, "team_id": "T1", "user_id": "U0BOT", "is_bot": True}],
        "event": {name: value for name, value in event.items() if value is not None},
    }


def a_command(command: str = "/threshold", text: str = "", **fields: str) -> dict[str, str]:
    return {
        "token": "old",
        "team_id": "T1",
        "channel_id": "C1",
        "channel_name": "support",
        "user_id": "U1",
        "user_name": "ann",
        "command": command,
        "text": text,
        "api_app_id": "A1",
        "trigger_id": "trigger.1",
    } | fields


def a_shortcut(text: str = "reset my password", **fields: Any) -> JsonObject:
    """Somebody chooses "Ask the knowledge base" over a message."""
    return {
        "type": "message_action",
        "callback_id": "ask",
        "trigger_id": "13345224609.738474920.8088930838d88f008e0",
        "message_ts": "1700000000.000009",
        "team": {"id": "T1", "domain": "acme"},
        "enterprise": None,
        "user": {"id": "U1", "username": "ann", "team_id": "T1"},
        "channel": {"id": "C1", "name": "support"},
        "message": {"type": "message", "user": "U2", "ts": "1700000000.000009", "text": text},
    } | fields


def a_click(*actions: JsonObject, **fields: Any) -> JsonObject:
    return {
        "type": "block_actions",
        "team": {"id": "T1", "domain": "acme"},
        "enterprise": None,
        "user": {"id": "U1", "username": "ann", "team_id": "T1"},
        "api_app_id": "A1",
        "container": {
            "type": "message",
            "message_ts": "1700000000.000009",
            "channel_id": "C1",
            "is_ephemeral": False,
        },
        "channel": {"id": "C1", "name": "support"},
        "actions": list(actions),
    } | fields
