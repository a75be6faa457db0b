"""The frames of Mattermost's WebSocket, and what they say of the connection.

Events are numbered for each connection. Who comes back with the connection's id and the number that is
due is sent what was missed, without a greeting; a greeting with another id says that something may be
missing. The documentation's "last received" is one too low: the server sends from the number it is given.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from bot.platforms import link
from bot.platforms.link import Frame
from bot.platforms.mattermost.fields import ID

PING_SECONDS = 30.0
ANSWER_SECONDS = 10.0

_VERSION = re.compile(r"[0-9]{1,4}(?:\.[0-9]{1,4}){1,2}")


@dataclass(frozen=True, slots=True)
class Greeting:
    """A connection that the server has begun anew. `version`: the server's, "" where it says none."""

    connection_id: str
    version: str


@dataclass(frozen=True, slots=True)
class Event:
    """An event of the server. `data` and `broadcast` (whom it concerns) are as the server wrote them."""

    kind: str
    data: Mapping[str, Any]
    broadcast: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class OutOfStep:
    """An event with another number than the next one."""

    seq: int
    due: int


Meaning = Greeting | Event | OutOfStep


@dataclass
class Session:
    """The part that outlives a socket: the id that the server knows us by, and the number that is due.

    It is moved on by who has stored what an event said, and by nobody else.
    """

    connection_id: str = ""
    due: int = 0

    def begin(self, connection_id: str) -> None:
        self.connection_id, self.due = connection_id, 1  # the greeting was number 0

    def advance(self) -> None:
        self.due += 1

    def forget(self) -> None:
        self.connection_id, self.due = "", 0

    @property
    def query(self) -> dict[str, str]:
        """The query that asks for it again; empty where there is none."""
        if not self.connection_id:
            return {}
        return {"connection_id": self.connection_id, "sequence_number": str(self.due)}


class Link(link.Link[Meaning]):
    """One socket. The token stands in its first request, so a ping that is answered says it is taken."""

    ping_seconds = PING_SECONDS

    def __init__(self, session: Session) -> None:
        super().__init__()
        self._session = session
        self._count = 0

    def first_frame(self) -> Frame:
        # A connection that is resumed and has missed nothing would be silent otherwise.
        return self.ping()

    def ping(self) -> Frame:
        self._count += 1
        return {"seq": self._count, "action": "ping"}

    def is_dead(self, now: float) -> bool:
        is_late = self._missed_pings and now >= self._next_ping_at - PING_SECONDS + ANSWER_SECONDS
        return super().is_dead(now) or (self.state == "live" and bool(is_late))

    def read(self, text: str | bytes, now: float) -> Meaning | None:
        content = _object_in(text)
        if "seq_reply" in content:
            if content.get("status") == "OK":
                self.accept(now)
            elif self.state == "opening":
                self.reject(now)
            return None
        kind, seq = content.get("event"), content.get("seq")
        if not isinstance(kind, str) or type(seq) is not int:
            return None
        self.accept(now)
        data = _mapping(content.get("data"))
        connection_id = data.get("connection_id")
        if kind == "hello" and seq == 0 and isinstance(connection_id, str) and ID.fullmatch(connection_id):
            return Greeting(connection_id, _version_in(data.get("server_version")))
        if seq != self._session.due:
            return OutOfStep(seq, self._session.due)
        return Event(kind, data, _mapping(content.get("broadcast")))


def _version_in(said: object) -> str:
    """The number at the head of "11.10.0.11.10.0.HASH.true"."""
    found = _VERSION.match(said) if isinstance(said, str) else None
    return found[0] if found else ""


def _object_in(text: str | bytes) -> Mapping[str, Any]:
    try:
        return _mapping(json.loads(text))
    except (ValueError, RecursionError):
        return {}


def _mapping(value: object) -> Mapping[str, Any]:
    return value if isinstance(value, dict) else {}
