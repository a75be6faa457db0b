"""The HTTP server in our own process: waitress, with an orderly end and little patience.

On `stop` no new connection is taken, requests that come over open ones are told to come
again, those under way finish, and only then the sockets close.
"""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from functools import partial
from typing import Any
from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment

from waitress import wasyncore

from bot.web import SAFE_HEADERS
from bot.web.accepting import AcceptingServer
from bot.web.slow_clients import IDLE_SECONDS, REQUEST_SECONDS, TimeoutChannel

# How long requests under way may take to finish once we stop.
GRACE_SECONDS = 10.0


class Server:
    """Serves one WSGI application.

    Raises OSError from the constructor when the address cannot be used; `url` names the
    real port where 0 was asked for.
    """

    def __init__(
        self,
        application: WSGIApplication,
        *,
        listen: str,
        threads: int,
        body_limit_bytes: int,
        request_seconds: float = REQUEST_SECONDS,
    ) -> None:
        self._gate = _Gate(application)
        self._sockets: dict[int, Any] = {}
        # Bound here, because waitress leaks its own sockets when it cannot bind.
        listening = _bind(listen)
        self._server = AcceptingServer(
            self._gate,
            listening,
            map=self._sockets,
            threads=threads,
            ident="",
            channel_timeout=IDLE_SECONDS,
            cleanup_interval=5,
            max_request_body_size=body_limit_bytes,
            max_request_header_size=32 * 1024,
            clear_untrusted_proxy_headers=True,
        )
        self._server.channel_class = partial(TimeoutChannel, request_seconds=request_seconds)
        self.url = f"http://{listen.rpartition(':')[0]}:{listening.getsockname()[1]}"
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._serve, name="http", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        self._gate.close(GRACE_SECONDS)
        self._stopping.set()
        if self._thread.is_alive():
            _wake(self._sockets)
            self._thread.join()
        # Here and not in the loop's own thread: what wakes the loop stays open until it has ended.
        self._close()

    def _serve(self) -> None:
        while not self._stopping.is_set():
            wasyncore.loop(timeout=1, use_poll=True, map=self._sockets, count=1)
        self._flush()

    def _flush(self) -> None:
        """Give answers that are written but not yet sent a moment to leave."""
        until = time.monotonic() + 1
        while time.monotonic() < until and any(
            getattr(channel, "total_outbufs_len", 0) for channel in self._sockets.values()
        ):
            wasyncore.loop(timeout=0.1, use_poll=True, map=self._sockets, count=1)

    def _close(self) -> None:
        self._server.task_dispatcher.shutdown()
        wasyncore.close_all(self._sockets)


class _Gate:
    """Counts the requests under way; once closed it sends everybody away who comes later."""

    def __init__(self, application: WSGIApplication) -> None:
        self._application = application
        self._changed = threading.Condition()
        self._inside = 0
        self._is_closed = False

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        with self._changed:
            if not self._is_closed:
                self._inside += 1
            else:
                headers = [*SAFE_HEADERS.items(), ("Retry-After", "5"), ("Content-Length", "0")]
                start_response("503 Service Unavailable", headers)
                return [b""]
        try:
            answer = self._application(environ, start_response)
        except BaseException:
            self._leave()
            raise
        return _Leaving(answer, self._leave)

    def close(self, seconds: float) -> None:
        """Let nobody in any more, and wait for those inside, at most `seconds`."""
        with self._changed:
            self._is_closed = True
            self._changed.wait_for(lambda: self._inside == 0, timeout=seconds)

    def _leave(self) -> None:
        with self._changed:
            self._inside -= 1
            self._changed.notify_all()


class _Leaving:
    """An answer that says when the server has taken all of it."""

    def __init__(self, answer: Iterable[bytes], leave: Callable[[], None]) -> None:
        self._answer = answer
        self._leave = leave

    def __iter__(self) -> Iterator[bytes]:
        return iter(self._answer)

    def close(self) -> None:
        close = getattr(self._answer, "close", None)
        try:
            if close is not None:
                close()
        finally:
            self._leave()


def _bind(listen: str) -> socket.socket:
    host, _, port = listen.rpartition(":")
    family = socket.AF_INET6 if host.startswith("[") else socket.AF_INET
    return socket.create_server((host.strip("[]"), int(port)), family=family, backlog=1024)


def _wake(sockets: dict[int, Any]) -> None:
    for watcher in list(sockets.values()):
        if hasattr(watcher, "pull_trigger"):
            watcher.pull_trigger()
            return
