"""The HTTP client for calls to platforms: bounded in time, name look-up included, and bytes; no redirects.

The caller learns which of two things went wrong, because only one of them allows
sending again without looking.
"""

from __future__ import annotations

import functools
import http.client
import socket
import ssl
import threading
import time
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from urllib.parse import urlsplit

from bot.network_errors import name_cause
from bot.resolver import Resolver


class NotReached(Exception):
    """The request was not sent at all."""


class AnswerLost(Exception):
    """The request was sent, at least in part, and no whole answer came back."""


@dataclass(frozen=True, slots=True)
class HttpAnswer:
    """Any answer at all, redirects and errors included. Header names are in lower case."""

    status: int
    headers: Mapping[str, str]
    body: bytes


class Outgoing:
    """Posts to http and https addresses. Safe to share between threads; keeps no connection."""

    def __init__(
        self,
        *,
        connect_seconds: float = 1.0,
        total_seconds: float = 5.0,
        limit_bytes: int = 4 * 1024 * 1024,
        resolver: Resolver | None = None,
    ) -> None:
        self._resolver = resolver or Resolver()
        self._connect_seconds = connect_seconds
        self._total_seconds = total_seconds
        self._limit_bytes = limit_bytes

    def post(self, url: str, body: bytes, headers: Mapping[str, str]) -> HttpAnswer:
        """Post once.

        Raises:
            NotReached, AnswerLost: with a reason that does not hold the address.
        """
        started = time.monotonic()
        parts = urlsplit(url)
        path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
        connection = self._connection(parts.scheme, parts.hostname or "", parts.port)
        try:
            connection.connect()
        except (OSError, http.client.HTTPException) as failed:
            raise NotReached(f"no connection: {name_cause(failed)}") from failed
        left = max(self._total_seconds - (time.monotonic() - started), 0.001)
        # The socket's own timeout begins anew with every byte; this one does not.
        deadline = threading.Timer(left, _hang_up, [connection.sock])
        deadline.daemon = True
        deadline.start()
        try:
            connection.sock.settimeout(left)
            connection.request("POST", path, body, dict(headers))
            with connection.getresponse() as response:
                content = response.read(self._limit_bytes + 1)
                is_whole = not response.length  # None: it ends where the connection does
        except (OSError, http.client.HTTPException) as failed:
            raise AnswerLost(f"no answer: {name_cause(failed)}") from failed
        finally:
            deadline.cancel()
            connection.close()
        if time.monotonic() - started >= self._total_seconds:
            raise AnswerLost("no whole answer in time")
        if len(content) > self._limit_bytes or not is_whole:
            raise AnswerLost("the answer was longer than allowed, or cut short")
        return HttpAnswer(
            response.status, {name.lower(): value for name, value in response.getheaders()}, content
        )

    def _connection(self, scheme: str, host: str, port: int | None) -> http.client.HTTPConnection:
        seconds = self._connect_seconds
        if scheme == "https":
            return _Secure(host, port, timeout=seconds, resolver=self._resolver)
        return _Plain(host, port, timeout=seconds, resolver=self._resolver)


class _Plain(http.client.HTTPConnection):
    def __init__(self, host: str, port: int | None, *, timeout: float, resolver: Resolver) -> None:
        super().__init__(host, port, timeout=timeout)
        self._seconds = timeout
        self._resolver = resolver

    def connect(self) -> None:
        self.sock = self._resolver.connect(self.host, self.port, self._seconds)


class _Secure(_Plain):
    default_port = http.client.HTTPS_PORT

    def connect(self) -> None:
        super().connect()
        self.sock = _trust().wrap_socket(self.sock, server_hostname=self.host)


@functools.cache
def _trust() -> ssl.SSLContext:
    """The certificate authorities of this machine. They are many: reading them takes a moment, so once."""
    return ssl.create_default_context()


def _hang_up(connected: socket.socket) -> None:
    with suppress(OSError):
        # Past the TLS layer, which would want to say goodbye first.
        socket.socket.shutdown(connected, socket.SHUT_RDWR)
