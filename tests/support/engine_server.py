"""A real HTTP server in the engine's place that does what a test tells it to.

`EngineServer.answers` holds what comes next, one behaviour a request; when it is empty
every request gets the `usual` one. `heard` lists what was asked.
"""

from __future__ import annotations

import json
import threading
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any, Self


@dataclass(frozen=True)
class Heard:
    method: str
    path: str
    body: bytes
    headers: Mapping[str, str]

    @property
    def json(self) -> Any:
        return json.loads(self.body)


class Call:
    """One request being answered: write bytes, or wait as long as the server lives."""

    def __init__(self, heard: Heard, write: Callable[[bytes], Any], closing: threading.Event) -> None:
        self.heard = heard
        self.write = write
        self.closing = closing


Behaviour = Callable[[Call], None]


def answer(status: int, body: Any, headers: Mapping[str, str] | None = None) -> Behaviour:
    """A whole answer; bytes as they are, everything else as JSON."""

    def behave(call: Call) -> None:
        content = body if isinstance(body, bytes) else json.dumps(body).encode()
        call.write(head(status, {"Content-Length": str(len(content)), **(headers or {})}) + content)

    return behave


def error(status: int, code: str) -> Behaviour:
    return answer(status, {"error": {"code": code, "message": f"about {code}"}})


def head(status: int, headers: Mapping[str, str]) -> bytes:
    lines = [f"HTTP/1.1 {status} Whatever", *(f"{name}: {value}" for name, value in headers.items())]
    return "\r\n".join([*lines, "", ""]).encode()


def hangs(call: Call) -> None:
    call.closing.wait(60)


def drips_its_body(call: Call) -> None:
    call.write(head(200, {"Content-Length": "100000"}))
    _drip(call, b" ")


def drips_its_head(call: Call) -> None:
    call.write(b"HTTP/1.1 200 OK\r\nX-Long: ")
    _drip(call, b"x")


def pours(call: Call) -> None:
    """A body without end, as fast as it goes."""
    call.write(head(200, {"Connection": "close"}))
    while not call.closing.is_set():
        call.write(b" " * 65_536)


def cuts_its_body(call: Call) -> None:
    call.write(head(200, {"Content-Length": "100"}) + b'{"knowledge_base": ')


def hangs_up(call: Call) -> None:  # noqa: ARG001 - a behaviour that says nothing at all
    return


def _drip(call: Call, byte: bytes) -> None:
    while not call.closing.wait(0.02):
        call.write(byte)


class EngineServer:
    """Listens while the `with` lasts, on the port it had before if it is opened again."""

    def __init__(self, usual: Behaviour) -> None:
        self.usual = usual
        self.answers: deque[Behaviour] = deque()
        self.heard: list[Heard] = []
        self.port = 0
        self._closing = threading.Event()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def __enter__(self) -> Self:
        engine = self

        class Handler(BaseHTTPRequestHandler):
            def handle_one_request(self) -> None:
                self.close_connection = True
                self.raw_requestline = self.rfile.readline(65_537)
                if not self.raw_requestline or not self.parse_request():
                    return
                length = int(self.headers.get("Content-Length") or 0)
                heard = Heard(self.command, self.path, self.rfile.read(length), dict(self.headers))
                engine.heard.append(heard)
                behave = engine.answers.popleft() if engine.answers else engine.usual
                try:
                    behave(Call(heard, self.wfile.write, engine._closing))
                except ConnectionError:
                    return  # the bot gave up, as it should

        self._closing.clear()
        self._server = ThreadingHTTPServer(("127.0.0.1", self.port), Handler)
        self.port = self._server.server_address[1]
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.01,))
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._closing.set()
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()
