"""Timeouts for slow clients, and requests that are refused before any route.

uvicorn closes a connection on which nothing happens between two requests, and waits for ever within
one. Here a request has to be whole in time, however busily it drips, and an answer has to be taken. What
is refused here is refused in the words of the contract; that a message is one at all is the parser's
work. Nothing here looks at what is asked.
"""

from __future__ import annotations

import socket
import struct
import time
from http import HTTPStatus
from typing import Any

import httptools
from uvicorn.config import Config
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol
from uvicorn.server import ServerState

from engine.web.error_bodies import ErrorBody, ErrorPart
from engine.web.gate import SAFE_HEADERS
from engine.web.refusals import code_of

# From the first byte of a request, or from the beginning of the connection, to the last
# byte of the request. With the second between two looks it stays below ten.
REQUEST_SECONDS = 8.0
# Between two requests on one connection. The bot keeps its connections open to save time.
IDLE_SECONDS = 60.0

HEAD_LIMIT_BYTES = 256 << 10
# Routes refuse larger bodies with a sentence. This is the hard stop above them.
BODY_LIMIT_BYTES = 16 << 20
_AT_ONCE = struct.pack("ii", 1, 0)
_HEAD_TOO_LARGE = (HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE, f"exceeds max_header of {HEAD_LIMIT_BYTES}")
# What is thrown away of a request that was refused, so that its sender reads why before it is cut.
_THROWN_AWAY_BYTES = 1 << 20
_SAFE = "".join(f"{name.decode()}: {value.decode()}\r\n" for name, value in SAFE_HEADERS)


class _NoRequest(Exception):
    """The bytes sent are not a request; the refusal to answer with is kept beside it."""


class PatientProtocol(HttpToolsProtocol):
    """One connection. It is never ended while a request of it is being worked on.

    An answer that is not taken ends it too; one that is taken slowly does not. `look` is called
    every second at least.
    """

    def __init__(
        self,
        config: Config,
        server_state: ServerState,
        app_state: dict[str, Any],
        *,
        request_seconds: float = REQUEST_SECONDS,
        idle_seconds: float = IDLE_SECONDS,
    ) -> None:
        super().__init__(config, server_state, app_state)
        self._request_seconds = request_seconds
        self._idle_seconds = idle_seconds
        self._since = time.monotonic()
        # Nothing was asked yet: whoever connects is expected to want something.
        self._is_between_requests = False
        self._is_receiving = False
        self._worked_on: Any = None
        self._unsent_bytes = 0
        self._head_bytes: int | None = 0
        self._is_resuming = False
        self._body_bytes = 0
        self._refusal = (HTTPStatus.BAD_REQUEST, "Malformed request")
        self._thrown_away_bytes: int | None = None

    def look(self, now: float) -> None:
        """Hang up if it is the client's turn and was for too long."""
        if self._has_moved_on():
            self._since = now
        elif now - self._since > (self._idle_seconds if self._is_between_requests else self._request_seconds):
            self._hang_up()

    def data_received(self, data: bytes) -> None:
        if self._thrown_away_bytes is not None:
            self._throw_away(data)
            return
        self._unset_keepalive_if_required()
        try:
            self.parser.feed_data(data)
        except httptools.HttpParserError:
            self.send_400_response("")
        except httptools.HttpParserUpgrade as offer:
            self._decline_upgrade()
            if rest := data[offer.args[0] :]:
                self.data_received(rest)
            return
        if self._head_bytes is not None and self._thrown_away_bytes is None:
            self._head_bytes += len(data)
            if self._head_bytes > HEAD_LIMIT_BYTES:
                self._refusal = _HEAD_TOO_LARGE
                self.send_400_response("")

    def eof_received(self) -> None:
        if self._thrown_away_bytes is not None:
            self.transport.close()

    def on_message_begin(self) -> None:
        if self._is_resuming:
            return
        super().on_message_begin()
        self._body_bytes = 0
        self._is_receiving = True
        if self._is_between_requests:
            self._is_between_requests = False
            self._since = time.monotonic()

    def on_url(self, url: bytes) -> None:
        if not self._is_resuming:
            super().on_url(url)

    def on_header(self, name: bytes, value: bytes) -> None:
        if not self._is_resuming:
            super().on_header(name, value)

    def on_headers_complete(self) -> None:
        """Refuse what a proxy in front may have understood in another way, and what is no use to read."""
        if self._is_resuming:
            return
        self._head_bytes = None
        if len(self.url) + sum(len(name) + len(value) for name, value in self.headers) > HEAD_LIMIT_BYTES:
            self._refuse(*_HEAD_TOO_LARGE)
        if self._values_of(b"host")[1:]:
            self._refuse(HTTPStatus.BAD_REQUEST, "A host is given twice")
        if any(value.lower() != b"chunked" for value in self._values_of(b"transfer-encoding")):
            self._refuse(HTTPStatus.NOT_IMPLEMENTED, "Transfer-Encoding requested is not supported.")
        if any(int(value) > BODY_LIMIT_BYTES for value in self._values_of(b"content-length")):
            self._refuse(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, f"exceeds max_body of {BODY_LIMIT_BYTES}")
        super().on_headers_complete()

    def on_body(self, body: bytes) -> None:
        self._body_bytes += len(body)
        if self._body_bytes > BODY_LIMIT_BYTES:
            self._refuse(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, f"exceeds max_body of {BODY_LIMIT_BYTES}")
        super().on_body(body)

    def on_message_complete(self) -> None:
        if self.parser.should_upgrade():
            return  # its body is yet to come
        self._is_receiving = False
        self._head_bytes = 0
        super().on_message_complete()

    def on_response_complete(self) -> None:
        self._since = time.monotonic()
        self._is_between_requests = not self._is_receiving
        super().on_response_complete()

    def send_400_response(self, msg: str) -> None:  # noqa: ARG002 - uvicorn's own words
        """Refuse what is no request, and read a little on: closing at once would take the answer along."""
        status, reason = self._refusal
        refused = ErrorBody(error=ErrorPart(code=code_of(status), message=reason))
        body = refused.model_dump_json(exclude_none=True).encode()
        head = (
            f"HTTP/1.1 {status.value} {status.phrase}\r\ncontent-type: application/json\r\n"
            f"{_SAFE}content-length: {len(body)}\r\nconnection: close\r\n\r\n"
        )
        self._thrown_away_bytes = 0
        if self.cycle and not self.cycle.response_complete:
            self.cycle.disconnected = True
            self.cycle.message_event.set()
            if self.cycle.response_started:
                self.transport.abort()
                return
        self.flow.resume_reading()
        self.transport.write(head.encode() + body)
        self.transport.write_eof()

    def _start_asgi_task(self, cycle: Any, app: Any) -> None:
        self._worked_on = cycle
        super()._start_asgi_task(cycle, app)

    def _decline_upgrade(self) -> None:
        """Read on in HTTP/1.1 after a head that offers another protocol, as that of Java's client does.

        The parser leaves off there, with the body unread: another one reads it, which is told of no offer.
        """
        framing = (b"content-length", b"transfer-encoding")
        told = [b"%b: %b\r\n" % (name, value) for name, value in self.headers if name in framing]
        self.parser = httptools.HttpRequestParser(self)
        self.parser.set_dangerous_leniencies(lenient_data_after_close=True)  # as uvicorn has it
        self._is_resuming = True
        self.parser.feed_data(b"".join([b"POST / HTTP/1.1\r\n", *told, b"\r\n"]))
        self._is_resuming = False

    def _refuse(self, status: HTTPStatus, reason: str) -> None:
        self._refusal = (status, reason)
        raise _NoRequest(reason)

    def _values_of(self, header: bytes) -> list[bytes]:
        return [value for name, value in self.headers if name == header]

    def _throw_away(self, data: bytes) -> None:
        self._thrown_away_bytes = (self._thrown_away_bytes or 0) + len(data)
        if self._thrown_away_bytes > _THROWN_AWAY_BYTES:
            self.transport.abort()

    def _hang_up(self) -> None:
        if self._unsent_bytes:
            # Or else the system goes on offering the answer to somebody who takes nothing.
            self.transport.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _AT_ONCE)
        self.transport.abort()

    def _has_moved_on(self) -> bool:
        """Whether it is our turn, or the client has just taken some of an answer."""
        before, self._unsent_bytes = self._unsent_bytes, self.transport.get_write_buffer_size()
        if self._is_our_turn() or self._unsent_bytes < before:
            return True
        has_begun_to_wait = self._is_between_requests and self._unsent_bytes > 0
        if has_begun_to_wait:
            self._is_between_requests = False
        return has_begun_to_wait

    def _is_our_turn(self) -> bool:
        cycle = self._worked_on
        if self._thrown_away_bytes is not None or cycle is None or cycle.response_complete:
            return False
        return cycle is not self.cycle or not self._is_receiving
