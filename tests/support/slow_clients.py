"""Clients that are in no hurry: they say nothing, or a header, or a body, a byte at a time.

They are the cheapest attack there is: each costs the server a connection, and a server
that waits with a thread a thread.
"""

from __future__ import annotations

import selectors
import socket
import threading
import time
from contextlib import suppress
from dataclasses import dataclass
from typing import Literal, Self

Kind = Literal["head", "body", "silent"]

BYTE_EVERY_SECONDS = 0.5
_HEAD = b"POST /slack/events HTTP/1.1\r\nHost: kbdial\r\nContent-Type: application/json\r\n"
_BEGINNING: dict[Kind, bytes] = {
    "head": _HEAD + b"X-Slow: ",
    "body": _HEAD + b"Content-Length: 10000\r\n\r\n",
    "silent": b"",
}


@dataclass
class _Client:
    kind: Kind
    began: float
    cut_after: float | None = None


class SlowClients:
    """`count` clients of each kind, connected while the `with` lasts or until the server has had enough."""

    def __init__(self, port: int, count: int, *kinds: Kind, host: str = "127.0.0.1") -> None:
        self._address = (host, port)
        self._kinds = [kind for kind in kinds for _ in range(count)]
        self._clients: dict[socket.socket, _Client] = {}
        self._selector = selectors.DefaultSelector()
        self._changed = threading.Condition()
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)

    def __enter__(self) -> Self:
        for kind in self._kinds:
            connected = socket.create_connection(self._address, timeout=10)
            connected.sendall(_BEGINNING[kind])
            connected.setblocking(False)
            self._clients[connected] = _Client(kind, time.monotonic())
            self._selector.register(connected, selectors.EVENT_READ)
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stopping.set()
        self._thread.join()
        for client in self._clients:
            client.close()
        self._selector.close()

    @property
    def cut_after(self) -> list[float]:
        """The seconds that each client lasted which the server has cut."""
        with self._changed:
            return [client.cut_after for client in self._clients.values() if client.cut_after is not None]

    @property
    def left(self) -> int:
        return len(self._clients) - len(self.cut_after)

    def until_all_are_cut(self, seconds: float) -> bool:
        with self._changed:
            return self._changed.wait_for(
                lambda: all(client.cut_after is not None for client in self._clients.values()), seconds
            )

    def _run(self) -> None:
        next_byte = time.monotonic()
        while not self._stopping.is_set():
            for key, _ in self._selector.select(timeout=0.1):
                if isinstance(key.fileobj, socket.socket):
                    self._hear(key.fileobj)
            if time.monotonic() >= next_byte:
                next_byte += BYTE_EVERY_SECONDS
                self._say()

    def _hear(self, client: socket.socket) -> None:
        """Whatever comes, nothing was asked: it is the end, with a 408 or without a word."""
        with suppress(OSError):
            client.recv(4096)
        self._selector.unregister(client)
        with self._changed:
            self._clients[client].cut_after = time.monotonic() - self._clients[client].began
            self._changed.notify_all()

    def _say(self) -> None:
        for client, its in self._clients.items():
            if its.cut_after is None and its.kind != "silent":
                with suppress(OSError):  # the end is seen by reading
                    client.send(b"x")
