"""Timeouts for slow clients: connections that end by themselves when the client takes too long.

waitress closes a connection on which nothing happens, and any byte counts as something:
300 clients that trickled a byte every half second were still connected after any time we
waited (benchmarks/faults.md). Here a request has to be whole in time, however busily it
drips. Nothing here looks at what is asked.
"""

from __future__ import annotations

import re
import socket
import time
from contextlib import suppress
from typing import Any

from waitress.channel import HTTPChannel
from waitress.parser import HTTPRequestParser, ParsingError
from waitress.task import ErrorTask
from waitress.utilities import BadRequest

from bot.web import SAFE_HEADERS

# From the first byte of a request, or from the beginning of the connection, to the last
# byte of the request. With the second that the server's loop may sleep it stays below ten.
REQUEST_SECONDS = 8.0
# Between two requests on one connection. Proxies keep connections open to save time.
IDLE_SECONDS = 30.0


_BARE_LINE_FEED = re.compile(rb"(?<!\r)\n")


class Parser(HTTPRequestParser):  # type: ignore[misc]  # waitress has no types
    """Refuses what waitress itself trips over.

    A Content-Length of 5,000 digits and an address such as `http://[` end in a bare ValueError
    there: the connection is dropped, and anybody can fill the log with errors.
    """

    def received(self, data: bytes) -> int:
        """Refuse a head with bare line feeds: what stands in front may take it for two."""
        if not self.headers_finished:
            head = (self.header_plus + data).partition(b"\r\n\r\n")[0]
            if _BARE_LINE_FEED.search(head):
                self.error = BadRequest("Bare LF found in HTTP message")
                self.completed = True
                return len(data)
        return int(super().received(data))

    def parse_header(self, header_plus: bytes) -> None:
        names = [line.partition(b":")[0].strip().lower() for line in header_plus.split(b"\r\n")[1:]]
        lengths = names.count(b"content-length") + names.count(b"transfer-encoding")
        if lengths > 1 or names.count(b"host") > 1:
            raise ParsingError("A length or a host is given twice")
        try:
            super().parse_header(header_plus)
        except ValueError:
            raise ParsingError("Malformed request") from None


class SafeErrorTask(ErrorTask):  # type: ignore[misc]  # waitress has no types
    """The server's own answer to what is no request, with the headers of all others."""

    def execute(self) -> None:
        self.response_headers.extend(SAFE_HEADERS.items())
        super().execute()


class TimeoutChannel(HTTPChannel):  # type: ignore[misc]  # waitress has no types
    """One connection. It is never ended while a request of it is being worked on.

    An answer that is not taken ends it too; one that is taken slowly does not.
    """

    parser_class = Parser
    error_task_class = SafeErrorTask

    def __init__(
        self,
        *arguments: Any,
        request_seconds: float = REQUEST_SECONDS,
        idle_seconds: float = IDLE_SECONDS,
        **options: Any,
    ) -> None:
        self._request_seconds = request_seconds
        self._idle_seconds = idle_seconds
        self._since = time.monotonic()
        # Nothing was asked yet: whoever connects is expected to want something.
        self._is_between_requests = False
        self._unsent_bytes = 0
        super().__init__(*arguments, **options)

    def readable(self) -> bool:
        """Called by the server's loop before it waits, once a second at least."""
        now = time.monotonic()
        if self._has_moved_on():
            self._since = now
        elif now - self._since > (self._idle_seconds if self._is_between_requests else self._request_seconds):
            self._hang_up()
        return bool(super().readable())

    def service(self) -> None:
        super().service()
        self._since = time.monotonic()
        self._is_between_requests = True

    def _has_moved_on(self) -> bool:
        """Whether it is our turn, or the client has just done a whole step of its own."""
        before, self._unsent_bytes = self._unsent_bytes, self.total_outbufs_len
        if self.requests or self._unsent_bytes < before:
            return True
        has_begun_another = self._is_between_requests and (self.request is not None or self._unsent_bytes > 0)
        if has_begun_another:
            self._is_between_requests = False
        return has_begun_another

    def _hang_up(self) -> None:
        self.will_close = True
        # Without this, one that does not read would have to become writable first.
        with suppress(OSError):
            self.socket.shutdown(socket.SHUT_RDWR)
