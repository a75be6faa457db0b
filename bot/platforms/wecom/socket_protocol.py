"""The long connection as a state machine: no socket, no thread, no clock of its own.

    away ──opened──► subscribing ──accepted──► live ──lost──► away   (1, 2, 4 … 30 s)
                          │                      │
                       853000            disconnected_event
                          ▼                      ▼
                       refused                evicted

The last two are final. Who was evicted does not come back: another process holds the
connection now, and two that both came back would evict each other for ever.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from bot.platforms.wecom.safe_parse import Unreadable, read_json

PING_SECONDS = 30.0
SUBSCRIBE_SECONDS = 10.0
LONGEST_WAIT_SECONDS = 30.0
MOST_MISSED_PINGS = 2
WRONG_CREDENTIALS = 853000

State = Literal["away", "subscribing", "live", "refused", "evicted"]
Frame = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Called:
    """The platform calls: `kind` "message" or "event", `request` is what an answer must name."""

    kind: Literal["message", "event"]
    request: str
    body: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Acknowledged:
    """The platform's word on a frame of ours. `code` 0: it was taken."""

    request: str
    code: int
    body: Mapping[str, Any] = field(default_factory=dict)


class Link:
    """What one bot's connection may do next. It is told what happened, with the time."""

    def __init__(self, bot_id: str, secret: str, new_id: Callable[[], str]) -> None:
        self._credentials = {"bot_id": bot_id, "secret": secret}
        self._new_id = new_id
        self.state: State = "away"
        self.try_again_at = 0.0
        self._wait_seconds = 1.0
        self._subscription = ""
        self._give_up_at = 0.0
        self._next_ping_at = 0.0
        self._pings: set[str] = set()

    @property
    def is_over(self) -> bool:
        return self.state in {"refused", "evicted"}

    def opened(self, now: float) -> Frame:
        """There is a connection; this frame goes first."""
        self.state = "subscribing"
        self._subscription = self._new_id()
        self._give_up_at = now + SUBSCRIBE_SECONDS
        self._pings.clear()
        return frame("aibot_subscribe", self._subscription, self._credentials)

    def lost(self, now: float) -> None:
        """There is no connection any more, or there was none to be had."""
        if self.is_over:
            return
        self.state = "away"
        self.try_again_at = now + self._wait_seconds
        self._wait_seconds = min(self._wait_seconds * 2, LONGEST_WAIT_SECONDS)

    def is_dead(self, now: float) -> bool:
        """Whether the other side has been silent for too long to wait any longer."""
        if self.state == "subscribing":
            return now >= self._give_up_at
        return self.state == "live" and len(self._pings) >= MOST_MISSED_PINGS and now >= self._next_ping_at

    def ping_due(self, now: float) -> Frame | None:
        if self.state != "live" or now < self._next_ping_at:
            return None
        self._next_ping_at = now + PING_SECONDS
        request = self._new_id()
        self._pings.add(request)
        return frame("ping", request)

    def received(self, text: str | bytes, now: float) -> Called | Acknowledged | None:
        """Take one frame; None when it was for us alone, or is none. It never raises."""
        content = _frame_of(text)
        headers = content.get("headers")
        request = headers.get("req_id") if isinstance(headers, dict) else None
        body = content.get("body")
        if not isinstance(request, str):
            request = ""
        if not isinstance(body, dict):
            body = {}
        match content.get("cmd"):
            case "aibot_msg_callback":
                return Called("message", request, body)
            case "aibot_event_callback":
                return self._event(request, body)
            case None | "":
                code = content.get("errcode")
                return self._acknowledge(request, code if type(code) is int else 0, body, now)
            case _:
                return None

    def _event(self, request: str, body: Mapping[str, Any]) -> Called | None:
        event = body.get("event")
        if isinstance(event, dict) and event.get("eventtype") == "disconnected_event":
            self.state = "evicted"
            return None
        return Called("event", request, body)

    def _acknowledge(
        self, request: str, code: int, body: Mapping[str, Any], now: float
    ) -> Acknowledged | None:
        if request in self._pings:
            self._pings.clear()  # whoever answers a later ping is alive
            return None
        if self.state == "subscribing" and request == self._subscription:
            if code == 0:
                self.state = "live"
                self._wait_seconds = 1.0
                self._next_ping_at = now + PING_SECONDS
            elif code == WRONG_CREDENTIALS:
                self.state = "refused"
            else:
                self._give_up_at = now
            return None
        return Acknowledged(request, code, body)


def frame(cmd: str, request: str, body: Mapping[str, Any] | None = None) -> Frame:
    made: Frame = {"cmd": cmd, "headers": {"req_id": request}}
    return made if body is None else made | {"body": dict(body)}


def as_text(made: Frame) -> str:
    return json.dumps(made, ensure_ascii=False)


def _frame_of(text: str | bytes) -> Mapping[str, Any]:
    try:
        content = read_json(text.encode(errors="replace") if isinstance(text, str) else text)
    except Unreadable:
        return {}
    return content if isinstance(content, dict) else {}
