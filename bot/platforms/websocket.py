"""The socket under a long connection; the only module that knows which library it is."""

from __future__ import annotations

import ssl
from collections.abc import Mapping
from contextlib import ExitStack
from pathlib import Path
from typing import Protocol

from websockets.exceptions import InvalidStatus, WebSocketException
from websockets.sync.client import ClientConnection, connect

from bot.network_errors import name_cause

OPEN_SECONDS = 10.0
FRAME_LIMIT_BYTES = 1024 * 1024


class WireLostError(Exception):
    """The connection was lost, or could not be made.

    `wait_seconds`: how long the other side wants to be left alone. `status`: what it answered
    by HTTP instead of opening a connection; None where it did not.
    """

    def __init__(self, reason: str, *, wait_seconds: float = 0.0, status: int | None = None) -> None:
        super().__init__(reason)
        self.wait_seconds = wait_seconds
        self.status = status


class WireRefusedError(Exception):
    """The connection is refused until somebody changes something; the text says what."""


class Wire(Protocol):
    def send(self, text: str) -> None: ...

    def receive(self, wait_seconds: float) -> str | bytes | None:
        """The next frame, or None when none came in time."""
        ...

    def close(self) -> None: ...


class WebSocketWire:
    """One open connection. Frames may be sent from any thread while one thread receives.

    Without `ping_seconds` the pings of the protocol are off, for platforms that have pings of their
    own; with it, the connection is lost when a ping has no answer after twice that time. `ca_file`
    holds the certificate authorities that are believed instead of the machine's. A frame of more than
    `limit_bytes` ends the connection.

    Raises:
        WireLostError: from the constructor too, when there is nobody to connect to.
    """

    def __init__(
        self,
        url: str,
        *,
        headers: Mapping[str, str] | None = None,
        ca_file: Path | None = None,
        ping_seconds: float | None = None,
        limit_bytes: int = FRAME_LIMIT_BYTES,
    ) -> None:
        self._opened = ExitStack()
        try:
            opened = connect(
                url,
                ssl=ssl.create_default_context(cafile=ca_file) if ca_file else None,
                additional_headers=headers,
                open_timeout=OPEN_SECONDS,
                close_timeout=1,
                ping_interval=ping_seconds,
                ping_timeout=ping_seconds and 2 * ping_seconds,
                max_size=limit_bytes,
            )
            self._socket: ClientConnection = self._opened.enter_context(opened)
        except InvalidStatus as refused:
            status = refused.response.status_code
            raise WireLostError(f"status {status} while connecting", status=status) from None
        except (OSError, WebSocketException, ValueError) as failed:
            raise WireLostError(f"{name_cause(failed)}, while connecting") from None

    def send(self, text: str) -> None:
        try:
            self._socket.send(text)
        except (OSError, WebSocketException) as failed:
            raise WireLostError(f"{name_cause(failed)}, while sending") from None

    def receive(self, wait_seconds: float) -> str | bytes | None:
        try:
            return self._socket.recv(timeout=wait_seconds)
        except TimeoutError:
            return None
        except (OSError, WebSocketException) as failed:
            raise WireLostError(f"{name_cause(failed)}, while receiving") from None

    def close(self) -> None:
        self._opened.close()
