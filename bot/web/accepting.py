"""A listening socket that pauses when the process has no file descriptor left for a connection.

waitress tries again at once, for as long as somebody wants in, and writes a traceback each time. Here it
pauses, and says so once a minute: those who are connected are served meanwhile, and whoever waits outside
waits in the system's own line. Bot and engine share no code: each has this file, and a test compares them.
"""

from __future__ import annotations

import logging
import resource
import time
from collections.abc import Callable
from typing import Any

from waitress.adjustments import Adjustments
from waitress.server import TcpWSGIServer
from waitress.task import ThreadedTaskDispatcher

PAUSE_SECONDS = 0.5
WARN_SECONDS = 60.0
MOST_CONNECTIONS = 1000
# What a program opens besides: its database, files, pipes, and connections of its own.
OWN_DESCRIPTORS = 256

log = logging.getLogger(__name__)


def connection_limit(descriptors: int) -> int:
    """The number of connections that may be open at once, so that descriptors are left for the work."""
    if descriptors == resource.RLIM_INFINITY:
        return MOST_CONNECTIONS
    return min(MOST_CONNECTIONS, max(descriptors // 4, descriptors - OWN_DESCRIPTORS))


class AcceptingServer(TcpWSGIServer):  # type: ignore[misc]  # waitress has no types
    """waitress's server over one socket that listens already; `settings` are its adjustments."""

    def __init__(
        self,
        application: Any,
        listening: Any,
        *,
        map: dict[int, Any],  # noqa: A002 - waitress calls it so
        now: Callable[[], float] = time.monotonic,
        **settings: Any,
    ) -> None:
        self._now = now
        self._resumes = 0.0
        self._warns = 0.0
        descriptors, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
        adjustments = Adjustments(
            sockets=[listening], connection_limit=connection_limit(descriptors), **settings
        )
        dispatcher = ThreadedTaskDispatcher()
        dispatcher.set_thread_count(adjustments.threads)
        super().__init__(
            application,
            map,
            True,
            listening,
            dispatcher=dispatcher,
            adj=adjustments,
            bind_socket=False,
            sockinfo=(listening.family, listening.type, listening.proto, listening.getsockname()),
        )

    def readable(self) -> bool:
        """Called by the loop before it waits: whether it is to look for connections."""
        return bool(super().readable()) and self._now() >= self._resumes

    def accept(self) -> Any:
        try:
            return super().accept()
        except OSError as problem:
            self._pause(problem)
            return None

    def _pause(self, problem: OSError) -> None:
        now = self._now()
        self._resumes = now + PAUSE_SECONDS
        if now >= self._warns:
            self._warns = now + WARN_SECONDS
            log.warning(
                "connection_not_accepted",
                extra={"reason": problem.strerror or str(problem), "connections": len(self.active_channels)},
            )
