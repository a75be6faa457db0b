"""A web server on this machine that answers as it is told, byte by byte if need be."""

from __future__ import annotations

import socket
import ssl
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field

Reply = Callable[[socket.socket], None]
PATIENCE_SECONDS = 20.0


@dataclass
class HostileServer:
    """Gives its replies one after the other, the last one again and again; keeps every request's head."""

    port: int = 0
    replies: list[Reply] = field(default_factory=list)
    asked: list[str] = field(default_factory=list)
    stopped: threading.Event = field(default_factory=threading.Event)

    def url(self, path: str = "/faq.csv", user: str = "") -> str:
        return f"http://{user}127.0.0.1:{self.port}{path}"

    def answers(self, *replies: Reply) -> None:
        self.replies[:] = replies


def answer(
    body: bytes = b"", status: str = "200 OK", headers: Sequence[str] = (), length: int | None = None
) -> Reply:
    """A whole answer; `length` lies about how long it is."""
    size = len(body) if length is None else length
    head = "\r\n".join([f"HTTP/1.1 {status}", f"Content-Length: {size}", "Connection: close", *headers])
    return lambda connection: connection.sendall(head.encode() + b"\r\n\r\n" + body)


def endless(server: HostileServer, piece: bytes, pause_seconds: float = 0) -> Reply:
    """A head and then the same piece until nobody listens any more."""

    def reply(connection: socket.socket) -> None:
        connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Type: text/csv\r\n\r\ntext\n")
        while not server.stopped.wait(pause_seconds):
            connection.sendall(piece)

    return reply


def dripping_head(server: HostileServer, pause_seconds: float) -> Reply:
    def reply(connection: socket.socket) -> None:
        connection.sendall(b"HTTP/1.1 200 OK\r\nX: ")
        while not server.stopped.wait(pause_seconds):
            connection.sendall(b"x")

    return reply


@contextmanager
def a_hostile_server(context: ssl.SSLContext | None = None) -> Iterator[HostileServer]:
    server = HostileServer()
    with socket.create_server(("127.0.0.1", 0)) as listening:
        server.port = listening.getsockname()[1]
        serving = threading.Thread(target=_serve, args=(server, listening, context), daemon=True)
        serving.start()
        try:
            yield server
        finally:
            server.stopped.set()
            with suppress(OSError), socket.create_connection(("127.0.0.1", server.port), 1):
                pass  # wakes what waits for a caller
            serving.join(PATIENCE_SECONDS)


def _serve(server: HostileServer, listening: socket.socket, context: ssl.SSLContext | None) -> None:
    while not server.stopped.is_set():
        connection, _ = listening.accept()
        with connection, suppress(OSError):
            connection.settimeout(PATIENCE_SECONDS)
            if context:
                with context.wrap_socket(connection, server_side=True) as secure:
                    _exchange(server, secure)
            else:
                _exchange(server, connection)


def _exchange(server: HostileServer, connection: socket.socket) -> None:
    head = b""
    while b"\r\n\r\n" not in head:
        received = connection.recv(65536)
        if not received:
            return
        head += received
    server.asked.append(head.decode("latin-1"))
    reply = server.replies.pop(0) if len(server.replies) > 1 else server.replies[0]
    reply(connection)
    with suppress(OSError):
        connection.shutdown(socket.SHUT_WR)
        while connection.recv(65536):
            pass
