"""The socket under the long connection; the only module that knows which library it is."""

from __future__ import annotations

from contextlib import ExitStack
from typing import Protocol

from websockets.exceptions import WebSocketException
from websockets.sync.client import ClientConnection, connect

OPEN_SECONDS = 10.0
FRAME_LIMIT_BYTES = 1024 * 1024


class WireLostError(Exception):
    """There is no connection, or none any more."""


class Wire(Protocol):
    def send(self, text: str) -> None: ...

    def receive(self, wait_seconds: float) -> str | bytes | None:
        """The next frame, or None when none came in time."""
        ...

    def close(self) -> None: ...


class WebSocketWire:
    """One open connection. Frames may be sent from any thread while one thread receives.

    Raises:
        WireLostError: from the constructor too, when there is nobody to connect to.
    """

    def __init__(self, url: str) -> None:
        self._opened = ExitStack()
        try:
            # The platform has pings of its own, so the library's are off.
            opened = connect(
                url,
                open_timeout=OPEN_SECONDS,
                close_timeout=1,
                ping_interval=None,
                max_size=FRAME_LIMIT_BYTES,
            )
            self._socket: ClientConnection = self._opened.enter_context(opened)
        except (OSError, WebSocketException, ValueError) as failed:
            raise WireLostError(f"{type(failed).__name__} while connecting") from None

    def send(self, text: str) -> None:
        try:
            self._socket.send(text)
        except (OSError, WebSocketException) as failed:
            raise WireLostError(f"{type(failed).__name__} while sending") from None

    def receive(self, wait_seconds: float) -> str | bytes | None:
        try:
            return self._socket.recv(timeout=wait_seconds)
        except TimeoutError:
            return None
        except (OSError, WebSocketException) as failed:
            raise WireLostError(f"{type(failed).__name__} while receiving") from None

    def close(self) -> None:
        self._opened.close()
