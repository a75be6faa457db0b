"""The sockets: uvicorn in one thread of this process, with little patience."""

from __future__ import annotations

import asyncio
import socket
import threading
import time
from contextlib import suppress

import uvicorn
from starlette.types import ASGIApp

from engine.domain import CannotListen
from engine.web.accepting import Accepting
from engine.web.patience import IDLE_SECONDS, REQUEST_SECONDS, PatientProtocol

_BACKLOG = 1024
_LOOK_SECONDS = 0.5


class Server:
    """Answers HTTP between `start` and `stop`. `stop` lets requests in work finish first."""

    def __init__(self, app: ASGIApp, listen: str, *, request_seconds: float = REQUEST_SECONDS) -> None:
        self._app = app
        self._listen = listen
        self._request_seconds = request_seconds
        self._running: _Running | None = None

    @property
    def address(self) -> str:
        """HOST:PORT as it really is; the port is known once started."""
        return self._running.address if self._running else self._listen

    def start(self) -> None:
        """Listen, and return.

        Raises:
            CannotListen: the address is taken or not ours.
        """
        running = _Running(self._app, _listening(self._listen), self._request_seconds)
        running.start()
        self._running = running

    def stop(self, grace_seconds: float = 5.0) -> None:
        if self._running is None:
            return
        running, self._running = self._running, None
        running.stop(grace_seconds)


class _Running:
    """One event loop in a thread of its own, from the socket to the last connection."""

    def __init__(self, app: ASGIApp, listening: socket.socket, request_seconds: float) -> None:
        host, port = listening.getsockname()[:2]
        self.address = f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
        self._uvicorn = _Uvicorn(app, listening, request_seconds)
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._run, name="http", daemon=True)

    def start(self) -> None:
        try:
            self._thread.start()
        except BaseException:
            self._uvicorn.listening.close()
            self._loop.close()
            raise

    def stop(self, grace_seconds: float) -> None:
        self._loop.call_soon_threadsafe(self._uvicorn.end, grace_seconds)
        self._thread.join()

    def _run(self) -> None:
        with asyncio.Runner(loop_factory=lambda: self._loop) as runner:
            runner.run(self._uvicorn.serve(sockets=[]))


class _Uvicorn(uvicorn.Server):
    """uvicorn over one socket that listens already. It lets connections in, and ends them, in our way."""

    def __init__(self, app: ASGIApp, listening: socket.socket, request_seconds: float) -> None:
        super().__init__(
            uvicorn.Config(
                app,
                lifespan="off",
                ws="none",
                log_config=None,
                log_level="error",  # what any client can provoke is no news
                access_log=False,
                server_header=False,
                proxy_headers=False,
                timeout_keep_alive=int(IDLE_SECONDS),
            )
        )
        self.listening = listening
        self._request_seconds = request_seconds
        self._ending = asyncio.Event()
        self._accepting: asyncio.Task[None] | None = None

    def end(self, grace_seconds: float) -> None:
        """Let nobody in any more, and end when all requests in work are answered, or after this time."""
        self.config.timeout_graceful_shutdown = grace_seconds  # type: ignore[assignment]  # wait_for takes fractions
        self.should_exit = True
        self._ending.set()

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        accepting = Accepting(self.listening, self._protocol, self.server_state.connections)
        self._accepting = asyncio.create_task(accepting.run())

    async def main_loop(self) -> None:
        look_seconds = min(_LOOK_SECONDS, self._request_seconds / 2)
        while not await self.on_tick(0):
            with suppress(TimeoutError):
                await asyncio.wait_for(self._ending.wait(), look_seconds)
            now = time.monotonic()
            for connection in list(self.server_state.connections):
                if isinstance(connection, PatientProtocol):
                    connection.look(now)

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        if self._accepting:
            self._accepting.cancel()
            await asyncio.wait([self._accepting])
        self.listening.close()
        await super().shutdown(sockets)
        for connection in list(self.server_state.connections):
            connection.transport.abort()
        await asyncio.sleep(0)  # what was aborted is told so in the loop's next turn

    def _protocol(self) -> PatientProtocol:
        return PatientProtocol(self.config, self.server_state, {}, request_seconds=self._request_seconds)


def _listening(address: str) -> socket.socket:
    host, _, port = address.rpartition(":")
    host = host.strip("[]")
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        return socket.create_server((host, int(port)), family=family, backlog=_BACKLOG)
    except OSError as problem:
        raise CannotListen(
            f"cannot listen on {address}: {problem.strerror or problem};"
            " stop what listens there, or choose another [engine] listen"
        ) from None
