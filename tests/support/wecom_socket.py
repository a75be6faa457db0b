"""WeCom's long connection: a real WebSocket server that subscribes, evicts, expires and counts."""

from __future__ import annotations

import base64
import hashlib
import json
import threading
import time
from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Self

from websockets.exceptions import ConnectionClosed
from websockets.sync.server import Server, ServerConnection, serve

from tests.support.wecom_api import RUNG, VirtualClock


@dataclass
class Shown:
    """A message that a person sees: by the answer to a request, or pushed ("")."""

    request: str
    kind: str
    body: dict[str, Any]
    chat: str = ""

    @property
    def text(self) -> str:
        content = self.body.get("stream", self.body).get("content", "")
        assert isinstance(content, str)
        return content


class RunningClock(VirtualClock):
    """A double's clock that goes by itself."""

    @property
    def seconds(self) -> float:
        return time.time()

    @seconds.setter
    def seconds(self, now: float) -> None:
        """Nobody sets it."""


@dataclass
class SocketWeCom:
    """One bot's side of the platform. Used as a context: the server listens while it is open."""

    clock: VirtualClock
    secret: str = "S1k7Qm2xRz"
    bot_id: str = "AIBOT1"
    shown: list[Shown] = field(default_factory=list)
    rung: list[str] = field(default_factory=list)
    frames: list[dict[str, Any]] = field(default_factory=list)
    files: dict[str, bytes] = field(default_factory=dict)
    subscriptions: int = 0
    is_deaf: bool = False  # takes frames and answers none
    codes: list[int] = field(default_factory=list)  # for the next frames that are not pings
    lost: int = 0  # how many of the next answers are shown and never acknowledged: the line drops instead

    def __post_init__(self) -> None:
        self._changed = threading.Condition()
        self._live: ServerConnection | None = None
        self._requests: dict[str, tuple[ServerConnection, str, float]] = {}
        self._uploads: dict[str, tuple[dict[str, Any], dict[int, bytes]]] = {}
        self._sends: defaultdict[str, list[float]] = defaultdict(list)
        self._spoken: set[str] = set()
        self._called: dict[str, dict[str, Any]] = {}
        self._count = 0

    def __enter__(self) -> Self:
        self._server: Server = serve(self._talk, "127.0.0.1", 0)
        self._thread = threading.Thread(target=self._server.serve_forever)
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.drop()
        self._server.shutdown()
        self._thread.join()

    @property
    def url(self) -> str:
        return f"ws://127.0.0.1:{self._server.socket.getsockname()[1]}"

    def say(self, text: str, *, chat: str = "G1", user: str = "zhangsan") -> str:
        """Somebody mentions the bot in a group; the id that an answer must name."""
        self._spoken |= {chat, user}
        return self._call(
            "aibot_msg_callback",
            {"msgtype": "text", "text": {"content": text}, "chatid": chat, "chattype": "group"},
            user,
            chat,
        )

    def try_to_say(self, text: str, *, chat: str) -> bool:
        """The same, where a bot is connected; else nobody ever hears of it."""
        if self._live is None:
            return False
        try:
            self.say(text, chat=chat)
        except (ConnectionClosed, OSError):
            return False
        return True

    def enter(self, user: str = "zhangsan") -> str:
        return self._call(
            "aibot_event_callback", {"msgtype": "event", "event": {"eventtype": "enter_chat"}}, user, user
        )

    def evict(self) -> None:
        """Evict the connection, as if another program had subscribed."""
        self.until(lambda: self._live is not None)
        assert self._live
        self._send(self._live, _event("disconnected_event"))
        self._live.close()

    def drop(self) -> None:
        if self._live is not None:
            self._live.close()

    def send_raw(self, text: str) -> None:
        assert self._live
        self._live.send(text)

    def until(self, is_so: Callable[[], bool], seconds: float = 5.0) -> None:
        """Wait for what the other threads do; a test that waits five seconds has failed."""
        with self._changed:
            assert self._changed.wait_for(is_so, timeout=seconds), "it never happened"

    def _call(self, cmd: str, body: dict[str, Any], user: str, chat: str) -> str:
        self.until(lambda: self._live is not None)
        live = self._live
        if live is None:
            raise ConnectionResetError("it has just gone")
        self._count += 1
        request = f"req-{self._count}"
        self._requests[request] = live, chat, self.clock.seconds
        common = {"msgid": f"m-{self._count}", "aibotid": self.bot_id, "from": {"userid": user}}
        self._called[request] = {"cmd": cmd, "headers": {"req_id": request}, "body": common | body}
        self._send(live, self._called[request])
        return request

    def repeat(self, request: str) -> None:
        """The same call once more."""
        self.until(lambda: self._live is not None)
        assert self._live
        self._send(self._live, self._called[request])

    def _talk(self, connection: ServerConnection) -> None:
        try:
            for text in connection:
                frame = json.loads(text)
                if not self.is_deaf:
                    code, body = self._answer(connection, frame)
                    if self.lost and frame["cmd"] != "ping" and frame["cmd"] != "aibot_subscribe":
                        self.lost -= 1
                        connection.close()
                        continue
                    self._send(
                        connection,
                        {"headers": frame["headers"], "errcode": code, "errmsg": "", "body": body},
                    )
                with self._changed:
                    self.frames.append(frame)
                    self._changed.notify_all()
        except ConnectionClosed:
            pass
        finally:
            with self._changed:
                if self._live is connection:
                    self._live = None
                self._changed.notify_all()

    def _answer(self, connection: ServerConnection, frame: dict[str, Any]) -> tuple[int, dict[str, Any]]:
        cmd, body = frame["cmd"], frame.get("body", {})
        if cmd == "aibot_subscribe":
            return self._subscribe(connection, body), {}
        if connection is not self._live:
            return 846609, {}
        if cmd == "ping":
            return 0, {}
        if self.codes:
            return self.codes.pop(0), {}
        if cmd in {"aibot_respond_msg", "aibot_respond_welcome_msg", "aibot_respond_update_msg"}:
            return self._respond(connection, frame["headers"]["req_id"], body), {}
        if cmd == "aibot_send_msg":
            return self._push(body), {}
        return self._upload(cmd.removeprefix("aibot_upload_media_"), body)

    def _subscribe(self, connection: ServerConnection, body: dict[str, Any]) -> int:
        if body != {"bot_id": self.bot_id, "secret": self.secret}:
            return 853000
        old, self._live = self._live, connection
        self.subscriptions += 1
        if old is not None and old is not connection:
            self._send(old, _event("disconnected_event"))
            old.close()
        return 0

    def _respond(self, connection: ServerConnection, request: str, body: dict[str, Any]) -> int:
        owner, chat, since = self._requests.get(request, (None, "", 0.0))
        if owner is not connection:
            return 846605
        if self.clock.seconds - since > 360:
            return 846608
        return self._show(chat, request, body)

    def _push(self, body: dict[str, Any]) -> int:
        assert body["chat_type"] in {1, 2}
        if body["chatid"] not in self._spoken:
            return 846610
        return self._show(body["chatid"], "", body)

    def _show(self, chat: str, request: str, body: dict[str, Any]) -> int:
        recent = [at for at in self._sends[chat] if self.clock.seconds - at < 60]
        if len(recent) >= 30:
            return 45009
        self._sends[chat] = [*recent, self.clock.seconds]
        kind = body.get("msgtype", "update")
        content = body.get(kind, body)  # what has a card has it beside the stream
        assert "msg_item" not in content, "no pictures in a stream over the socket"
        assert len(content.get("content", "").encode()) <= 20480
        shown = Shown(request, kind, content, chat)
        self.shown.append(shown)
        self.rung += RUNG.findall(shown.text)
        return 0

    def _upload(self, part: str, body: dict[str, Any]) -> tuple[int, dict[str, Any]]:
        if part == "init":
            upload_id = f"upload-{len(self._uploads)}"
            self._uploads[upload_id] = body, {}
            return 0, {"upload_id": upload_id}
        about, chunks = self._uploads[body["upload_id"]]
        if part == "chunk":
            piece = base64.b64decode(body["base64_data"])
            assert len(piece) <= 512 * 1024
            chunks[body["chunk_index"]] = piece
            return 0, {}
        content = b"".join(chunks[index] for index in range(about["total_chunks"]))
        assert hashlib.md5(content).hexdigest() == about["md5"]  # noqa: S324 - the platform's choice
        assert len(content) == about["total_size"]
        self.files[about["filename"]] = content
        return 0, {
            "type": about["type"],
            "media_id": f"media-{len(self.files)}",
            "created_at": int(time.time()),
        }

    def _send(self, connection: ServerConnection, frame: dict[str, Any]) -> None:
        connection.send(json.dumps(frame))


def _event(kind: str) -> dict[str, Any]:
    return {
        "cmd": "aibot_event_callback",
        "headers": {"req_id": "event"},
        "body": {"msgtype": "event", "event": {"eventtype": kind}},
    }
