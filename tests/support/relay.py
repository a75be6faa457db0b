"""A cable between two programs, with weather: slow, cut, reset, dripping, torn in the middle of an answer.

The weather can change at any time; bytes that are on the way feel the new one.
"""

from __future__ import annotations

import socket
import struct
import threading
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from typing import Self

_PIECE = 65_536
# Closing with this set sends a reset instead of a goodbye.
_NO_GOODBYE = struct.pack("ii", 1, 0)


@dataclass(frozen=True)
class Weather:
    """The faults of a network link. All but latency concern answers, unless the cable is cut.

    `is_cut`: all bytes vanish and nobody is told, as with a cable pulled out.
    `loses_answers`: requests arrive, answers vanish.
    `resets`: the first byte of an answer resets the connection.
    `drip_seconds`: answers come one byte each so many seconds.
    `tears_after`: answers end after so many bytes.
    """

    latency_seconds: float = 0.0
    is_cut: bool = False
    loses_answers: bool = False
    resets: bool = False
    drip_seconds: float = 0.0
    tears_after: int | None = None


class Relay:
    """Listens while the `with` lasts and passes on to `target_port` on this machine."""

    def __init__(self, target_port: int, *, host: str = "127.0.0.1") -> None:
        self.weather = Weather()
        self._target_port = target_port
        self._listening = socket.create_server((host, 0), backlog=256)
        self.port: int = self._listening.getsockname()[1]
        self._closing = threading.Event()
        self._lock = threading.Lock()
        self._open: set[socket.socket] = set()
        self._threads: list[threading.Thread] = []

    def __enter__(self) -> Self:
        self._begin(self._accept)
        return self

    def __exit__(self, *_: object) -> None:
        self._closing.set()
        _hang_up(self._listening)
        with self._lock:
            ends = tuple(self._open)
        for end in ends:
            _hang_up(end)
        for thread in self._threads:
            thread.join(10)
        self._listening.close()

    def _begin(self, work: Callable[[], None]) -> None:
        thread = threading.Thread(target=work, daemon=True)
        self._threads.append(thread)
        thread.start()

    def _accept(self) -> None:
        while not self._closing.is_set():
            try:
                near, _ = self._listening.accept()
            except OSError:
                return
            self._begin(partial(self._carry, near))

    def _carry(self, near: socket.socket) -> None:
        """One connection, from its beginning to its end."""
        with near, socket.socket() as far:
            with self._lock:
                self._open |= {near, far}
            with suppress(OSError):
                far.connect(("127.0.0.1", self._target_port))
                back = threading.Thread(target=lambda: self._pass_back(far, near), daemon=True)
                back.start()
                self._pass_on(near, far)
                back.join()
            with self._lock:
                self._open -= {near, far}

    def _pass_on(self, near: socket.socket, far: socket.socket) -> None:
        """Requests. When the asker hangs up, so do we, on both sides."""
        with suppress(OSError):
            while (piece := near.recv(_PIECE)) and not self._closing.wait(self.weather.latency_seconds):
                if not self.weather.is_cut:
                    far.sendall(piece)
        _hang_up(far)

    def _pass_back(self, far: socket.socket, near: socket.socket) -> None:
        """Answers. Their end is told to the asker, unless it is lost like the rest."""
        passed = 0
        with suppress(OSError):
            while (piece := far.recv(_PIECE)) and not self._closing.wait(self.weather.latency_seconds):
                weather = self.weather
                if weather.is_cut or weather.loses_answers:
                    continue
                if weather.resets:
                    near.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _NO_GOODBYE)
                    break
                left = None if weather.tears_after is None else weather.tears_after - passed
                self._give(near, piece if left is None else piece[:left])
                passed += len(piece)
                if left is not None and len(piece) > left:
                    break
        if not (self.weather.is_cut or self.weather.loses_answers):
            _hang_up(near)

    def _give(self, near: socket.socket, piece: bytes) -> None:
        if not self.weather.drip_seconds:
            near.sendall(piece)
            return
        for byte in piece:
            if self._closing.wait(self.weather.drip_seconds):
                return
            near.sendall(bytes([byte]))


def _hang_up(end: socket.socket) -> None:
    with suppress(OSError):
        end.shutdown(socket.SHUT_RDWR)
