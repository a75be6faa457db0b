"""The requests that Mattermost makes to integrations: commands, clicks, outgoing webhooks."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode, urlsplit

from tests.support.mattermost_rest import JsonObject

COMMAND_TOKEN = "c0mm4nd7oken2w3x5y8z1a2c4d"
WEBHOOK_TOKEN = "w3bh00k7oken2w3x5y8z1a2c4d"
FORM = "application/x-www-form-urlencoded"
Call = Callable[[str, Mapping[str, str], bytes], "Answered"]


@dataclass(frozen=True)
class Answered:
    """An integration's answer. `status` 0: nothing came in time."""

    status: int
    body: bytes = b""
    content_type: str = "application/json"


def trigger_id(user_id: str, now: float, *, client: str = "client".ljust(26, "0")) -> str:
    """A trigger id as the server makes it, at `now` seconds since 1970."""
    whole = f"{client}:{user_id}:{int(now * 1000)}:MEUCIQDsignature=="
    return base64.b64encode(whole.encode()).decode()


def command_form(**known: str) -> dict[str, str]:
    """The fields of a command's request; those that are not given are some."""
    fields = {
        "token": COMMAND_TOKEN, "team_id": "team".ljust(26, "0"), "team_domain": "acme",
        "channel_id": "channel".ljust(26, "0"), "channel_name": "support", "user_id": "lin".ljust(26, "0"),
        "user_name": "lin", "command": "/kbdial", "text": "", "root_id": "", "response_url": "",
    }  # fmt: skip
    return fields | known


def click_payload(**known: Any) -> JsonObject:
    """The payload of a click's request; what is not given is some."""
    fields = {
        "user_id": "lin".ljust(26, "0"), "user_name": "lin", "channel_id": "channel".ljust(26, "0"),
        "channel_name": "support", "team_id": "team".ljust(26, "0"), "team_domain": "acme",
        "post_id": "post".ljust(26, "0"), "type": "button", "data_source": "", "context": {},
    }  # fmt: skip
    return fields | known


def hook_payload(**known: Any) -> JsonObject:
    """The payload of an outgoing webhook's request; what is not given is some. Times are milliseconds."""
    fields = {
        "token": WEBHOOK_TOKEN, "team_id": "team".ljust(26, "0"), "team_domain": "acme",
        "channel_id": "channel".ljust(26, "0"), "channel_name": "support", "timestamp": 0,
        "user_id": "lin".ljust(26, "0"), "user_name": "lin", "post_id": "post".ljust(26, "0"), "text": "",
        "trigger_word": "", "file_ids": "",
    }  # fmt: skip
    return fields | known


def hook_request(payload: JsonObject, content_type: str) -> tuple[Mapping[str, str], bytes]:
    """Headers and body: a form holds the time in seconds."""
    headers = {"Content-Type": content_type, "Accept": "application/json"}
    if content_type == FORM:
        form = payload | {"timestamp": int(payload["timestamp"]) // 1000}
        return headers, urlencode(form).encode()
    return headers, json.dumps(payload).encode()


def over_flask(client: Any) -> Call:
    """The way to an integration in this process: a Flask test client."""

    def call(url: str, headers: Mapping[str, str], body: bytes) -> Answered:
        answer = client.post(urlsplit(url).path, data=body, headers=dict(headers))
        return Answered(answer.status_code, answer.data, answer.content_type)

    return call
