"""The frames of a robot's long connection, and what they say of it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from bot.platforms import link
from bot.platforms.link import Frame
from bot.platforms.wecom.safe_parse import Unreadable, read_json

WRONG_CREDENTIALS = 853000


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


class Link(link.Link[Called | Acknowledged]):
    """One bot's connection: `evicted` is what a later subscription of the same bot does to it."""

    ping_seconds = 30.0

    def __init__(self, bot_id: str, secret: str, new_id: Callable[[], str]) -> None:
        super().__init__()
        self._credentials = {"bot_id": bot_id, "secret": secret}
        self._new_id = new_id
        self._subscription = ""
        self._pings: set[str] = set()

    def first_frame(self) -> Frame:
        self._subscription = self._new_id()
        self._pings.clear()
        return frame("aibot_subscribe", self._subscription, self._credentials)

    def ping(self) -> Frame:
        request = self._new_id()
        self._pings.add(request)
        return frame("ping", request)

    def read(self, text: str | bytes, now: float) -> Called | Acknowledged | None:
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
            self.evict("another program has taken over the long connection of this bot")
            return None
        return Called("event", request, body)

    def _acknowledge(
        self, request: str, code: int, body: Mapping[str, Any], now: float
    ) -> Acknowledged | None:
        if request in self._pings:
            self._pings.clear()  # whoever answers a later ping is alive
            return None
        if self.state == "opening" and request == self._subscription:
            if code == 0:
                self.accept(now)
            elif code == WRONG_CREDENTIALS:
                self.refuse("the bot id or the secret is wrong")
            else:
                self.reject(now)
            return None
        return Acknowledged(request, code, body)


def frame(cmd: str, request: str, body: Mapping[str, Any] | None = None) -> Frame:
    made: Frame = {"cmd": cmd, "headers": {"req_id": request}}
    return made if body is None else made | {"body": dict(body)}


def _frame_of(text: str | bytes) -> Mapping[str, Any]:
    try:
        content = read_json(text.encode(errors="replace") if isinstance(text, str) else text)
    except Unreadable:
        return {}
    return content if isinstance(content, dict) else {}
