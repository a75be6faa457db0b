"""A connection on which the read timeout is the time for the whole answer.

Everywhere else it is the time between two bytes, so that a server sending one byte a
second holds its caller for hours. A name server that takes its time holds nobody either.
"""

from __future__ import annotations

import io
import socket
import time
from http.client import HTTPResponse
from typing import Any

from requests.adapters import HTTPAdapter
from urllib3 import PoolManager
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.connectionpool import HTTPConnectionPool, HTTPSConnectionPool

from bot.resolver import ConnectsInTime


class WholeAnswerTimeout(HTTPAdapter):
    def init_poolmanager(self, connections: int, maxsize: int, block: bool = False, **options: Any) -> None:
        super().init_poolmanager(connections, maxsize, block, **options)
        manager: PoolManager = self.poolmanager
        manager.pool_classes_by_scheme = {"http": _Pool, "https": _SecurePool}


class _UntilDeadline(io.RawIOBase):
    """Reads from a socket until a point in time."""

    def __init__(self, raw: io.RawIOBase, connection: socket.socket, deadline: float) -> None:
        self._raw = raw
        self._connection = connection
        self._deadline = deadline

    def readable(self) -> bool:
        return True

    def readinto(self, into: Any) -> int | None:
        left = self._deadline - time.monotonic()
        if left <= 0:
            raise TimeoutError("the answer took too long")
        self._connection.settimeout(left)
        return self._raw.readinto(into)

    def close(self) -> None:
        self._raw.close()
        super().close()


class _Response(HTTPResponse):
    def __init__(self, sock: socket.socket, *args: Any, **options: Any) -> None:
        super().__init__(sock, *args, **options)
        seconds = sock.gettimeout()
        if seconds is not None:
            raw = self.fp.detach()
            self.fp = io.BufferedReader(_UntilDeadline(raw, sock, time.monotonic() + seconds))


class _InOnePiece(ConnectsInTime, HTTPConnection):
    """Head and body of a request leave together.

    Apart, the engine wakes up for the head, and then once more for the body.
    """

    def request(self, *given: Any, **options: Any) -> None:
        if self.sock is None:
            self.connect()
        _hold_back(self.sock, held=True)
        super().request(*given, **options)
        _hold_back(self.sock, held=False)


def _hold_back(connected: socket.socket, *, held: bool) -> None:
    """Keep back what is written from now on, or send what was kept back. Linux alone knows how."""
    if hasattr(socket, "TCP_CORK"):
        connected.setsockopt(socket.IPPROTO_TCP, socket.TCP_CORK, int(held))


class _Connection(_InOnePiece):
    response_class = _Response


class _SecureConnection(_InOnePiece, HTTPSConnection):
    response_class = _Response


class _Pool(HTTPConnectionPool):
    ConnectionCls = _Connection


class _SecurePool(HTTPSConnectionPool):
    ConnectionCls = _SecureConnection
