"""The WebSocket of the double of Mattermost: sessions that are numbered, resumed and forgotten.

A session keeps its last 128 frames. Who comes back with its id and the next number in time is sent the
rest without a greeting; everybody else begins anew.
"""

from __future__ import annotations

import json
import re
import socket
import threading
from collections import deque
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any, Protocol
from urllib.parse import parse_qsl, urlsplit

from websockets.exceptions import InvalidState
from websockets.frames import Frame, Opcode
from websockets.http11 import Request
from websockets.server import ServerProtocol

KEPT_FRAMES = 128
CHALLENGE_SECONDS = 5.0
MOST_BYTES = 16 * 1024 * 1024
ID = re.compile(r"[a-z0-9]{26}")

JsonObject = dict[str, Any]


class World(Protocol):
    """The part of the server that its sockets need."""

    version: str
    node: int
    lock: threading.RLock
    changed: threading.Condition
    members: dict[str, set[str]]
    tokens: dict[str, str]

    def new_id(self, kind: str) -> str: ...
    def user_of(self, headers: Mapping[str, str]) -> str: ...


class Socket:
    """The server's end of one WebSocket, over a connection that somebody has just opened."""

    def __init__(self, connection: socket.socket) -> None:
        self._connection = connection
        self._protocol = ServerProtocol(max_size=MOST_BYTES)
        self._sending = threading.Lock()

    def accept(self) -> Request | None:
        """Read what was asked for and agree; None when it was no handshake."""
        while True:
            events = self._receive()
            if events is None:
                return None
            for event in events:
                if isinstance(event, Request):
                    with self._sending:
                        self._protocol.send_response(self._protocol.accept(event))
                        self._flush()
                    return event

    def texts(self) -> Any:
        """Each text that comes, until the connection ends."""
        while (events := self._receive()) is not None:
            for event in events:
                if isinstance(event, Frame) and event.opcode is Opcode.TEXT:
                    yield bytes(event.data).decode()
                if isinstance(event, Frame) and event.opcode is Opcode.CLOSE:
                    return

    def send(self, text: str) -> None:
        with self._sending, suppress(OSError, InvalidState):
            self._protocol.send_text(text.encode())
            self._flush()

    def cut(self) -> None:
        """End it without a goodbye."""
        with suppress(OSError):
            self._connection.shutdown(socket.SHUT_RDWR)

    def _receive(self) -> list[Any] | None:
        try:
            content = self._connection.recv(65_536)
        except OSError:
            return None
        if not content:
            return None
        self._protocol.receive_data(content)
        with self._sending, suppress(OSError, InvalidState):
            self._flush()
        return list(self._protocol.events_received())

    def _flush(self) -> None:
        for content in self._protocol.data_to_send():
            if content:
                self._connection.sendall(content)


@dataclass
class Session:
    """The server's session of one client: `seq` is the number of the next frame."""

    id: str
    user_id: str
    node: int
    seq: int = 0
    frames: deque[tuple[int, str]] = field(default_factory=lambda: deque(maxlen=KEPT_FRAMES))
    socket: Socket | None = None


class Broadcaster:
    """Numbers events and brings them to whom they concern. `handshakes`: how each connection began."""

    def __init__(self, world: World) -> None:
        self._world = world
        self.sessions: dict[str, Session] = {}
        self.handshakes: list[str] = []  # "new" or "resumed"
        self.received: list[JsonObject] = []
        self.is_deaf = False  # takes frames and answers none
        self.greets_late = False  # `hello` only behind the first event
        self._skips = 0
        self._repeats = 0
        self._drop_after = -1

    @property
    def live(self) -> list[Session]:
        return [one for one in self.sessions.values() if one.socket is not None]

    def drop(self) -> None:
        """Every connection is cut; the sessions are remembered."""
        with self._world.changed:
            for session in self.live:
                self._cut(session)

    def forget(self) -> None:
        """Forget all sessions and connections, as a restart of the server does."""
        self.drop()
        with self._world.lock:
            self.sessions.clear()

    def drop_after(self, frames: int) -> None:
        """The connection is cut once so many frames more were sent."""
        self._drop_after = frames

    def skip_a_number(self) -> None:
        self._skips += 1

    def repeat_a_frame(self) -> None:
        self._repeats += 1

    def publish(
        self,
        event: str,
        data: JsonObject,
        *,
        channel_id: str = "",
        own: Callable[[str], JsonObject] = lambda _: {},
    ) -> None:
        """Bring an event to everybody in a channel (to all without one); `own`: what one alone is told."""
        with self._world.changed:
            for session in list(self.sessions.values()):
                if not channel_id or session.user_id in self._world.members[channel_id]:
                    broadcast = {"omit_users": None, "user_id": "", "channel_id": channel_id, "team_id": ""}
                    self._emit(session, event, data | own(session.user_id), broadcast)

    def send_raw(self, text: str) -> None:
        for session in self.live:
            assert session.socket
            session.socket.send(text)

    def talk(self, connection: socket.socket) -> None:
        """Serve one connection to its end."""
        opened = Socket(connection)
        request = opened.accept()
        if request is None:
            return
        query = dict(parse_qsl(urlsplit(request.path).query, keep_blank_values=True))
        headers = {name.lower(): value for name, value in request.headers.raw_items()}
        user_id = self._world.user_of(headers)
        session = self._begin(opened, user_id, query) if user_id else None
        if user_id and session is None:
            opened.cut()
            return
        if session is None:
            connection.settimeout(CHALLENGE_SECONDS)
        try:
            for text in opened.texts():
                session = self._take(opened, session, json.loads(text))
                if session is not None:
                    connection.settimeout(None)
        finally:
            with self._world.changed:
                if session is not None and session.socket is opened:
                    session.socket = None
                self._world.changed.notify_all()
            opened.cut()

    def _begin(self, opened: Socket, user_id: str, query: Mapping[str, str]) -> Session | None:
        """The session of a connection that has shown its token; None closes it."""
        wanted = query.get("connection_id", "")
        with self._world.changed:
            if wanted:
                known = self.sessions.get(wanted)
                if not ID.fullmatch(wanted) or (known and not query.get("sequence_number", "").isdigit()):
                    return None
                is_here = known is not None and known.node == self._world.node and known.user_id == user_id
                if (
                    known is not None
                    and is_here
                    and self._resume(opened, known, int(query["sequence_number"]))
                ):
                    return known
                self.sessions.pop(wanted, None)
            return self._greet(opened, user_id)

    def _resume(self, opened: Socket, session: Session, next_seq: int) -> bool:
        rest = [(seq, text) for seq, text in session.frames if seq >= next_seq]
        if [seq for seq, _ in rest] != list(range(next_seq, session.seq)):
            return False
        if session.socket is not None:
            session.socket.cut()
        session.socket = opened
        self.handshakes.append("resumed")
        for _, text in rest:
            opened.send(text)
        self._world.changed.notify_all()
        return True

    def _greet(self, opened: Socket, user_id: str) -> Session:
        session = Session(self._world.new_id("connection"), user_id, self._world.node, socket=opened)
        self.sessions[session.id] = session
        self.handshakes.append("new")
        data = {"connection_id": session.id, "server_version": f"{self._world.version}.1.hash.true"}
        self._emit(session, "hello", data | {"server_hostname": "node-1"}, {"user_id": user_id})
        self._world.changed.notify_all()
        return session

    def _take(self, opened: Socket, session: Session | None, frame: JsonObject) -> Session | None:
        with self._world.changed:
            self.received.append(frame)
            self._world.changed.notify_all()
        if self.is_deaf:
            return session
        reply: JsonObject = {"status": "OK", "seq_reply": frame.get("seq", 0)}
        if frame.get("action") == "authentication_challenge":
            user_id = self._world.tokens.get(frame["data"]["token"], "")
            if not user_id:
                opened.cut()
                return None
            with self._world.changed:
                opened.send(json.dumps(reply))
                return self._greet(opened, user_id)
        if session is None:
            error = {"id": "api.web_socket_router.not_authenticated.app_error", "status_code": 401}
            opened.send(json.dumps({"status": "FAIL", "error": error, "seq_reply": frame.get("seq", 0)}))
            return None
        if frame.get("action") == "ping":
            reply["data"] = {"text": "pong", "version": self._world.version, "server_time": 0}
        opened.send(json.dumps(reply))
        return session

    def _emit(self, session: Session, event: str, data: JsonObject, broadcast: JsonObject) -> None:
        if self._skips:
            self._skips -= 1
            session.seq += 1
        text = json.dumps({"event": event, "data": data, "broadcast": broadcast, "seq": session.seq})
        session.frames.append((session.seq, text))
        session.seq += 1
        if session.socket is None:
            return
        session.socket.send(text)
        if self._repeats:
            self._repeats -= 1
            session.socket.send(text)
        if self._drop_after > 0:
            self._drop_after -= 1
            if self._drop_after == 0:
                self._cut(session)

    def _cut(self, session: Session) -> None:
        opened, session.socket = session.socket, None
        if opened is not None:
            opened.cut()
