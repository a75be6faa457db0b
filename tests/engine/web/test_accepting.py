"""A machine without descriptors left: the server waits, says so now and then, and goes on by itself."""

from __future__ import annotations

import asyncio
import errno
import logging
import resource
import socket
from collections.abc import Iterator
from contextlib import closing
from typing import Any

import pytest

from engine.web.accepting import PAUSE_SECONDS, WARN_SECONDS, Accepting, connection_limit


class Exhausted(socket.socket):
    """A listening socket on a machine that has no descriptor for one more connection, until it has."""

    tries = 0
    is_exhausted = True

    def accept(self) -> Any:
        self.tries += 1
        if self.is_exhausted:
            raise OSError(errno.EMFILE, "Too many open files")
        return super().accept()


class Guest(asyncio.Protocol):
    """Leaves as soon as it is let in, and tells."""

    def __init__(self, is_gone: asyncio.Event) -> None:
        self._is_gone = is_gone

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        transport.close()

    def connection_lost(self, _: Exception | None) -> None:
        self._is_gone.set()


class Rig:
    """A door whose pauses are turns of a clock that the test moves."""

    def __init__(self) -> None:
        self.now = 1000.0
        self.connections: set[asyncio.Protocol] = set()
        self.listening = Exhausted(socket.AF_INET, socket.SOCK_STREAM)
        self.listening.bind(("127.0.0.1", 0))
        self.listening.listen(8)
        self.accepting = Accepting(
            self.listening, self._protocol, self.connections, pause=self._pause, now=lambda: self.now
        )
        self.pauses = 0
        self.until = 0.0
        self.is_in = asyncio.Event()

    def pass_time(self, seconds: float) -> None:
        """Time passes for somebody who pauses, and as soon as it has nobody lets anybody in."""
        self.until = self.now + seconds
        with asyncio.Runner() as runner:
            runner.run(self._run())

    async def _run(self) -> None:
        running = asyncio.create_task(self.accepting.run())
        let_in = asyncio.create_task(self.is_in.wait())
        await asyncio.wait([running, let_in], return_when=asyncio.FIRST_COMPLETED)
        running.cancel()
        let_in.cancel()
        await asyncio.wait([running, let_in])

    async def _pause(self, seconds: float) -> None:
        self.pauses += 1
        self.now += seconds
        if self.now >= self.until:
            self.is_in.set()
            await asyncio.Event().wait()

    def _protocol(self) -> asyncio.Protocol:
        protocol = Guest(self.is_in)
        self.connections.add(protocol)
        return protocol


@pytest.fixture
def rig() -> Iterator[Rig]:
    made = Rig()
    with closing(made.listening):
        yield made


def test_without_descriptors_it_does_not_spin(rig: Rig) -> None:
    """REL35."""
    with closing(socket.create_connection(rig.listening.getsockname())):
        rig.pass_time(4 * PAUSE_SECONDS)
    assert rig.listening.tries == rig.pauses == 4


def test_it_is_told_once_a_minute_in_one_line(rig: Rig, caplog: pytest.LogCaptureFixture) -> None:
    """REL35."""
    with closing(socket.create_connection(rig.listening.getsockname())), caplog.at_level(logging.WARNING):
        rig.pass_time(WARN_SECONDS - 1)
        assert [record.getMessage() for record in caplog.records] == ["connection_not_accepted"]
        assert caplog.records[0].exc_info is None
        assert vars(caplog.records[0])["reason"] == "Too many open files"
        rig.is_in.clear()
        rig.pass_time(WARN_SECONDS)
    assert len(caplog.records) == 2


def test_whoever_waited_is_let_in_once_there_is_room_again(rig: Rig) -> None:
    """REL35."""
    with closing(socket.create_connection(rig.listening.getsockname())):
        rig.pass_time(2 * PAUSE_SECONDS)
        assert not rig.connections
        rig.listening.is_exhausted = False
        rig.is_in.clear()
        rig.pass_time(WARN_SECONDS)
    assert len(rig.connections) == 1


def test_connections_leave_descriptors_for_the_work() -> None:
    allowed = (resource.RLIM_INFINITY, 4096, 1024, 512, 256, 64)
    assert [connection_limit(descriptors) for descriptors in allowed] == [1000, 1000, 768, 256, 64, 16]
