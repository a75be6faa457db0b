"""Clients that keep their connection and ask again as soon as they have their answer, all in one thread."""

from __future__ import annotations

import json
import selectors
import socket
import time
from collections.abc import Callable, Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from typing import Any


@dataclass
class _Asker:
    """A connection on which something was asked at `began`."""

    connection: socket.socket
    began: float = 0.0

    def ask(self, request: bytes) -> None:
        self.began = time.perf_counter()
        self.connection.sendall(request)

    def take_answer(self) -> float:
        """Read one whole answer; returns the seconds since it was asked for."""
        answer = self.connection.recv(65536)
        assert answer.startswith(b"HTTP/1.1 200 "), answer
        while b"\r\n\r\n" not in answer:
            answer += self.connection.recv(65536)
        head, _, body = answer.partition(b"\r\n\r\n")
        length = int(head.lower().partition(b"content-length:")[2].partition(b"\r\n")[0])
        while len(body) < length:
            body += self.connection.recv(65536)
        return time.perf_counter() - self.began


def search_request(question: Mapping[str, Any], token: str = "") -> bytes:
    """A whole HTTP request for /v1/search; plain bytes keep what the clients cost small."""
    body = json.dumps(question).encode()
    head = [
        "POST /v1/search HTTP/1.1",
        "Host: 127.0.0.1",
        "Content-Type: application/json",
        f"Content-Length: {len(body)}",
    ]
    if token:
        head.append(f"Authorization: Bearer {token}")
    return "\r\n".join((*head, "", "")).encode() + body


def ask_all(port: int, clients: int, seconds: float, next_request: Callable[[], bytes]) -> list[float]:
    """The seconds that each answer took, of so many clients in so many seconds."""
    times = []
    with selectors.DefaultSelector() as ready, ExitStack() as closing:
        for _ in range(clients):
            asker = _Asker(closing.enter_context(socket.create_connection(("127.0.0.1", port))))
            ready.register(asker.connection, selectors.EVENT_READ, asker)
            asker.ask(next_request())
        over = time.perf_counter() + seconds
        while time.perf_counter() < over:
            for key, _ in ready.select(timeout=1):
                times.append(key.data.take_answer())
                key.data.ask(next_request())
    return times
