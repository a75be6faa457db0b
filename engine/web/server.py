"""The sockets: waitress in a thread of this process, with little patience."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Callable, Iterable
from functools import partial
from typing import Any, Protocol

from waitress import wasyncore

from engine.domain import CannotListen
from engine.web.accepting import AcceptingServer
from engine.web.patience import IDLE_SECONDS, REQUEST_SECONDS, TimeoutChannel

# Flask refuses larger bodies with a sentence. This is the hard stop below it.
_BODY_LIMIT_BYTES = 16 << 20
_BACKLOG = 1024
_FLUSH_SECONDS = 5.0

Wsgi = Callable[..., Iterable[bytes]]


class _Waitress(Protocol):
    """What is used of waitress's server."""

    channel_class: Any
    trigger: Any
    task_dispatcher: Any
    effective_host: str
    effective_port: str | int
    accepting: bool

    def close(self) -> None: ...


class Server:
    """Answers HTTP between `start` and `stop`. `stop` lets requests in work finish first."""

    def __init__(
        self, wsgi: Wsgi, listen: str, *, threads: int, request_seconds: float = REQUEST_SECONDS
    ) -> None:
        self._request_seconds = request_seconds
        self._wsgi = wsgi
        self._listen = listen
        self._threads = threads
        self._sockets: dict[int, Any] = {}
        self._server: _Waitress | None = None
        self._thread: threading.Thread | None = None
        self._stopping = threading.Event()

    @property
    def address(self) -> str:
        """HOST:PORT as it really is; the port is known once started."""
        if self._server is None:
            return self._listen
        host = self._server.effective_host
        return (
            f"[{host}]:{self._server.effective_port}"
            if ":" in host
            else f"{host}:{self._server.effective_port}"
        )

    def start(self) -> None:
        """Listen, and return.

        Raises:
            CannotListen: the address is taken or not ours.
        """
        self._server = AcceptingServer(
            self._wsgi,
            _listening(self._listen),
            map=self._sockets,
            threads=self._threads,
            max_request_body_size=_BODY_LIMIT_BYTES,
            channel_timeout=IDLE_SECONDS,
            ident=None,
            clear_untrusted_proxy_headers=True,
        )
        self._server.channel_class = partial(TimeoutChannel, request_seconds=self._request_seconds)
        self._thread = threading.Thread(target=self._serve, name="http", daemon=True)
        self._thread.start()

    def stop(self, grace_seconds: float = 5.0) -> None:
        if self._server is None or self._thread is None:
            return
        server, self._server = self._server, None
        # Sockets belong to the server's own loop, so it is asked to close them.
        server.trigger.pull_trigger(lambda: _stop_listening(server))
        server.task_dispatcher.shutdown(timeout=grace_seconds)
        self._stopping.set()
        server.trigger.pull_trigger()
        self._thread.join()
        # Here and not in the loop's own thread: what wakes the loop stays open until it has ended.
        wasyncore.close_all(self._sockets)

    def _serve(self) -> None:
        while not self._stopping.is_set():
            wasyncore.loop(timeout=1, use_poll=True, map=self._sockets, count=1)
        # Answers that are written but not yet sent get a moment to leave.
        until = time.monotonic() + _FLUSH_SECONDS
        while _has_unsent(self._sockets) and time.monotonic() < until:
            wasyncore.loop(timeout=0.1, use_poll=True, map=self._sockets, count=1)


def _has_unsent(sockets: dict[int, Any]) -> bool:
    return any(getattr(each, "total_outbufs_len", 0) for each in list(sockets.values()))


def _listening(address: str) -> socket.socket:
    # Our own socket, because waitress leaves threads and sockets behind where it cannot bind.
    host, _, port = address.rpartition(":")
    host = host.strip("[]")
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        return socket.create_server((host, int(port)), family=family, backlog=_BACKLOG)
    except OSError as problem:
        raise CannotListen(f"cannot listen on {address}: {problem.strerror or problem}") from None


def _stop_listening(server: Any) -> None:
    server.accepting = False
    server.del_channel()
    server.socket.close()
