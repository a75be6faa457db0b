"""A machine without descriptors left: the server waits, says so now and then, and goes on by itself."""

from __future__ import annotations

import errno
import logging
import resource
import socket
from collections.abc import Iterator
from contextlib import closing
from typing import Any

import pytest
from waitress import wasyncore

from bot.web.accepting import PAUSE_SECONDS, WARN_SECONDS, AcceptingServer, connection_limit


class Exhausted(socket.socket):
    """A listening socket on a machine that has no descriptor for one more connection, until it has."""

    tries = 0
    is_exhausted = True

    def accept(self) -> Any:
        self.tries += 1
        if self.is_exhausted:
            raise OSError(errno.EMFILE, "Too many open files")
        return super().accept()


class Rig:
    def __init__(self) -> None:
        self.now = 1000.0
        self.sockets: dict[int, Any] = {}
        self.listening = Exhausted(socket.AF_INET, socket.SOCK_STREAM)
        self.listening.bind(("127.0.0.1", 0))
        self.listening.listen(8)
        self.server = AcceptingServer(
            lambda _environ, _start: [b""], self.listening, map=self.sockets, now=lambda: self.now, threads=1
        )

    def turn(self, times: int) -> None:
        """What the server's thread does over and over, without its waits."""
        for _ in range(times):
            wasyncore.loop(timeout=0.01, use_poll=True, map=self.sockets, count=1)

    def pass_time(self, seconds: float) -> None:
        """Time passes, and the loop turns often in it."""
        until = self.now + seconds
        while self.now < until:
            self.now += 0.1
            self.turn(1)


@pytest.fixture
def rig() -> Iterator[Rig]:
    made = Rig()
    yield made
    made.server.task_dispatcher.shutdown()
    wasyncore.close_all(made.sockets)


def test_without_descriptors_the_loop_does_not_spin(rig: Rig) -> None:
    """REL35."""
    with closing(socket.create_connection(rig.listening.getsockname())):
        rig.turn(50)
        assert rig.listening.tries == 1
        rig.pass_time(4 * PAUSE_SECONDS)
        assert 2 <= rig.listening.tries <= 6


def test_it_is_told_once_a_minute_in_one_line(rig: Rig, caplog: pytest.LogCaptureFixture) -> None:
    """REL35."""
    with closing(socket.create_connection(rig.listening.getsockname())), caplog.at_level(logging.WARNING):
        rig.pass_time(WARN_SECONDS - 1)
        assert [record.getMessage() for record in caplog.records] == ["connection_not_accepted"]
        assert caplog.records[0].exc_info is None
        assert vars(caplog.records[0])["reason"] == "Too many open files"
        rig.pass_time(WARN_SECONDS)
    assert len(caplog.records) == 2


def test_whoever_waited_is_let_in_once_there_is_room_again(rig: Rig) -> None:
    """REL35."""
    with closing(socket.create_connection(rig.listening.getsockname())):
        rig.turn(3)
        assert not rig.server.active_channels
        rig.listening.is_exhausted = False
        rig.pass_time(2 * PAUSE_SECONDS)
        assert len(rig.server.active_channels) == 1


def test_connections_leave_descriptors_for_the_work() -> None:
    allowed = (resource.RLIM_INFINITY, 4096, 1024, 512, 256, 64)
    assert [connection_limit(descriptors) for descriptors in allowed] == [1000, 1000, 768, 256, 64, 16]
