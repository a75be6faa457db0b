"""Accepting connections, up to a limit, and with a pause when no file descriptor is left.

asyncio would try again every second, and write a traceback each time. Here it pauses, and says so once a
minute: those who are connected are served meanwhile, and whoever waits outside waits in the system's
own line.
"""

from __future__ import annotations

import asyncio
import logging
import resource
import socket
import time
from collections.abc import Awaitable, Callable, Sized

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


class Accepting:
    """Accepts connections on one listening socket, until cancelled.

    `connections` are those that are open; each gets a protocol of its own.
    """

    def __init__(
        self,
        listening: socket.socket,
        protocol: Callable[[], asyncio.Protocol],
        connections: Sized,
        *,
        pause: Callable[[float], Awaitable[object]] = asyncio.sleep,
        now: Callable[[], float] = time.monotonic,
    ) -> None:
        descriptors, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
        self._limit = connection_limit(descriptors)
        self._listening = listening
        self._protocol = protocol
        self._connections = connections
        self._pause = pause
        self._now = now
        self._warns = float("-inf")

    async def run(self) -> None:
        loop = asyncio.get_running_loop()
        self._listening.setblocking(False)
        while True:
            if len(self._connections) >= self._limit:
                await self._pause(PAUSE_SECONDS)
                continue
            try:
                connected, _ = await loop.sock_accept(self._listening)
                # An answer is a head and a body; without this the body waits until the head is acknowledged.
                connected.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                await loop.connect_accepted_socket(self._protocol, connected)
            except OSError as problem:
                self._tell(problem)
                await self._pause(PAUSE_SECONDS)

    def _tell(self, problem: OSError) -> None:
        now = self._now()
        if now >= self._warns:
            self._warns = now + WARN_SECONDS
            log.warning(
                "connection_not_accepted",
                extra={"reason": problem.strerror or str(problem), "connections": len(self._connections)},
            )
