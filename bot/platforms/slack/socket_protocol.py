"""The frames of Socket Mode, and what they say of the connection they come over."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from bot.platforms.link import Frame, Link

SWITCHED_OFF = "Socket Mode was switched off in the app's settings: switch it on there and start again"

_envelope_form = re.compile(r"[A-Za-z0-9_-]{1,255}")
_app_form = re.compile(r"[A-Za-z0-9]{1,64}")


@dataclass(frozen=True, slots=True)
class Envelope:
    """A payload as it would have come by HTTP, of the app `app_id` (empty where Slack has not named it).

    `kind` is Slack's word: `events_api`, `slash_commands`, `interactive`, or one we do not know.
    `takes_payload`: the acknowledgement may say something to the person.
    """

    id: str
    kind: str
    payload: Mapping[str, Any]
    app_id: str
    takes_payload: bool

    def acknowledgement(self, payload: Mapping[str, Any] | None = None) -> Frame:
        """The frame that takes the envelope off Slack's hands."""
        said = {"payload": dict(payload)} if payload and self.takes_payload else {}
        return {"envelope_id": self.id} | said


class SocketLink(Link[Envelope]):
    """One connection of Socket Mode. Slack greets first; the pings are the WebSocket's own.

    `connections` is how many there are, ours included, as Slack said when it greeted.
    """

    def __init__(self) -> None:
        super().__init__()
        self.connections = 0
        self._app_id = ""

    def first_frame(self) -> None:
        """Slack speaks first."""

    def read(self, text: str | bytes, now: float) -> Envelope | None:
        frame = _object_of(text)
        kind = frame.get("type")
        match kind:
            case "hello":
                self._greet(frame, now)
            case "disconnect" if frame.get("reason") == "link_disabled":
                self.refuse(SWITCHED_OFF)
            case "disconnect":
                # "warning", "refresh_requested", and whatever reason comes to be.
                self.renew(now)
            case str():
                return self._envelope(kind, frame)
        return None

    def _greet(self, frame: Mapping[str, Any], now: float) -> None:
        about, connections = frame.get("connection_info"), frame.get("num_connections")
        app_id = about.get("app_id") if isinstance(about, dict) else None
        self._app_id = app_id if isinstance(app_id, str) and _app_form.fullmatch(app_id) else ""
        self.connections = connections if type(connections) is int else 0
        self.accept(now)

    def _envelope(self, kind: str, frame: Mapping[str, Any]) -> Envelope | None:
        name, payload = frame.get("envelope_id"), frame.get("payload")
        if not isinstance(name, str) or not _envelope_form.fullmatch(name):
            return None  # it cannot be acknowledged, so it is not ours to take
        return Envelope(
            name,
            kind,
            payload if isinstance(payload, dict) else {},
            self._app_id,
            frame.get("accepts_response_payload") is True,
        )


def _object_of(text: str | bytes) -> Mapping[str, Any]:
    try:
        content = json.loads(text)
    # Deep nesting ends in a RecursionError, all else wrong in a ValueError.
    except (ValueError, RecursionError):
        return {}
    return content if isinstance(content, dict) else {}
