"""Keeps a long connection: one thread reads, any thread may send.

What the connection may do when is decided in `link`; the bytes are `websocket`'s.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from typing import Generic, TypeVar

from bot.domain import Clock, PlatformError
from bot.platforms.link import Frame, Link, State, as_text
from bot.platforms.websocket import Wire, WireLostError, WireRefusedError

READ_SECONDS = 1.0
# While one connection drains, two are read by turns.
TURN_SECONDS = 0.05

_log = logging.getLogger(__name__)
T = TypeVar("T")


def _nothing() -> None:
    """Do nothing."""


class LongConnection(Generic[T]):
    """Keeps one connection, and is what goes out through it.

    `on_frame` is given what a frame means and the wire it came from. It is called on the reading
    thread, so it stores and returns: an answer that waits for nothing may go out within it, on that
    wire. `on_lost` is called whenever the connection has ended. `alarm` is called once, when the
    connection is over for good: until it is stopped and started again, for then somebody has
    decided that it is ours.

    `open_wire` raises WireRefusedError where trying again is of no use.
    """

    def __init__(
        self,
        name: str,
        *,
        new_link: Callable[[], Link[T]],
        open_wire: Callable[[], Wire],
        clock: Clock,
        on_frame: Callable[[T, Wire], None],
        alarm: Callable[[str], None],
        on_lost: Callable[[], None] = _nothing,
        read_seconds: float = READ_SECONDS,
    ) -> None:
        self._name = name
        self._new_link = new_link
        self._link = new_link()
        self._open_wire = open_wire
        self._clock = clock
        self._on_frame = on_frame
        self._alarm = alarm
        self._on_lost = on_lost
        self._read_seconds = read_seconds
        self._wire: Wire | None = None
        self._draining: list[tuple[Link[T], Wire]] = []
        self._changed = threading.Condition()
        self._stopping = threading.Event()
        self._thread: threading.Thread | None = None

    @property
    def is_live(self) -> bool:
        return self._link.state == "live"

    @property
    def is_kept(self) -> bool:
        """Whether this process keeps it: started, and not stopped. Another one may keep it instead."""
        return self._thread is not None

    @property
    def state(self) -> State:
        return self._link.state

    @property
    def try_again_at(self) -> float:
        """The moment of the next try to connect (steady seconds); past while there is nothing to try."""
        return self._link.try_again_at

    def start(self) -> None:
        if self._thread is None:
            self._stopping.clear()
            self._thread = threading.Thread(target=self._run, name=self._name, daemon=True)
            self._thread.start()

    def stop(self) -> None:
        self._stopping.set()
        if self._thread is not None:
            self._thread.join()
            self._thread = None
        self._close()
        self._link = self._new_link()

    def becomes(self, state: State, wait_seconds: float) -> bool:
        """Wait until the connection is in this state; False when it was not in time."""
        with self._changed:
            return self._changed.wait_for(lambda: self._link.state == state, timeout=wait_seconds)

    def step(self) -> bool:
        """Connect, or read one frame; whether there was anything to do."""
        before = self._link.state
        try:
            return self._step(self._clock.steady())
        finally:
            if self._link.state != before:
                with self._changed:
                    self._changed.notify_all()

    def send(self, made: Frame) -> None:
        """Send a frame over the live connection.

        Raises:
            PlatformError: there is none.
        """
        wire = self._wire
        if wire is None or not self.is_live:
            raise PlatformError(f"the long connection is {self.state}")
        try:
            wire.send(as_text(made))
        except WireLostError as lost:
            raise PlatformError(f"the long connection is lost ({lost})", maybe_sent=True) from None

    def hang_up(self) -> None:
        """End the connection from any thread; the reading thread notices and connects again."""
        wire = self._wire
        if wire is not None:
            wire.close()

    def _run(self) -> None:
        while not self._stopping.is_set() and not self._link.is_over:
            try:
                worked = self.step()
            except Exception:  # noqa: BLE001 - the top of a step: one bad call does not end the connection
                _log.exception("the long connection goes on after an error", extra={"connection": self._name})
                worked = False
            if not worked:
                self._stopping.wait(self._idle_seconds())

    def _step(self, now: float) -> bool:
        if self._link.is_over:
            return False
        worked = self._drain(now)
        if self._link.is_over:
            return True
        if self._wire is None:
            return (now >= self._link.try_again_at and self._connect(now)) or worked
        try:
            return self._exchange(self._wire, now) or worked
        except WireLostError as lost:
            self._lose(lost)
            return True

    def _idle_seconds(self) -> float:
        """Reading waits by itself; only between two tries is there nothing to wait on."""
        if self._wire is not None:
            return 0.0
        if self._draining:
            return TURN_SECONDS
        return min(max(self._link.try_again_at - self._clock.steady(), 0.05), self._read_seconds)

    def _connect(self, now: float) -> bool:
        try:
            self._wire = self._open_wire()
            first = self._link.begin(now)
            if first is not None:
                self._wire.send(as_text(first))
        except WireRefusedError as refused:
            self._end(str(refused))
        except WireLostError as lost:
            self._lose(lost)
        return True

    def _exchange(self, wire: Wire, now: float) -> bool:
        wait_seconds = min(TURN_SECONDS, self._read_seconds) if self._draining else self._read_seconds
        worked = self._read(self._link, wire, now, wait_seconds)
        if self._link.is_over:
            self._end(self._link.why_over)
        elif self._link.state == "draining":
            # The next step opens the connection that takes its place.
            self._draining.append((self._link, wire))
            self._link, self._wire = self._new_link(), None
        return worked

    def _drain(self, now: float) -> bool:
        """Read what still comes over connections that are being replaced."""
        worked = False
        for link, wire in list(self._draining):
            try:
                worked = self._read(link, wire, now, 0) or worked
            except WireLostError:
                wire.close()
                self._draining.remove((link, wire))
            if link.is_over:
                self._end(link.why_over)
        return worked

    def _read(self, link: Link[T], wire: Wire, now: float, wait_seconds: float) -> bool:
        if link.is_dead(now):
            raise WireLostError("silent")
        ping = link.ping_due(now)
        if ping is not None:
            wire.send(as_text(ping))
        text = wire.receive(wait_seconds)
        if text is None:
            return False
        meant = link.take(text, self._clock.steady())
        if meant is not None:
            self._on_frame(meant, wire)
        return True

    def _end(self, why: str) -> None:
        if not self._link.is_over:
            self._link.refuse(why)
        self._close()
        self._alarm(why)

    def _lose(self, lost: WireLostError) -> None:
        wire, self._wire = self._wire, None
        if wire is not None:
            wire.close()
        self._on_lost()
        self._link.lost(self._clock.steady(), lost.wait_seconds)

    def _close(self) -> None:
        wires = [wire for _, wire in self._draining] + [wire for wire in (self._wire,) if wire]
        self._draining, self._wire = [], None
        for wire in wires:
            wire.close()
        self._on_lost()
