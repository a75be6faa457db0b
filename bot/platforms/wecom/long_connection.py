"""The long connection of one robot: a thread that reads, and calls that any thread may make.

What the connection may do when is decided in `link`; the bytes are `wire`'s. Here is
what lies between: waiting for acknowledgements, and what the platform's errors mean.
"""

from __future__ import annotations

import logging
import threading
import uuid
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from functools import partial
from typing import Any

from bot.domain import Clock, PlatformError
from bot.platforms.wecom.socket_protocol import (
    Acknowledged,
    Called,
    Frame,
    Link,
    State,
    as_text,
    frame,
)
from bot.platforms.wecom.websocket import Wire, WireLostError

ACK_SECONDS = 5.0
READ_SECONDS = 1.0

NOT_SUBSCRIBED = 846609
_RATES = frozenset({45009, 45033, 846607})

_log = logging.getLogger(__name__)


class FrameRefused(PlatformError):
    """The platform acknowledged a frame with an error."""

    def __init__(self, code: int) -> None:
        super().__init__(
            f"WeCom refused a frame ({code})", retry_after_seconds=60.0 if code in _RATES else None
        )
        self.code = code


class LongConnection:
    """Keeps one robot connected, and is what its answers go out through.

    `on_call` is called on the reading thread, so it stores and returns; answers that need
    no acknowledgement may go out with `tell` from within it, all others from elsewhere.
    `alarm` is called once, when the connection is over for good: until it is stopped and
    started again, for then somebody has decided that it is ours. Starting and stopping twice
    is fine.
    """

    def __init__(
        self,
        *,
        bot_id: str,
        secret: str,
        open_wire: Callable[[], Wire],
        clock: Clock,
        on_call: Callable[[Called], None],
        alarm: Callable[[str], None],
        ack_seconds: float = ACK_SECONDS,
        read_seconds: float = READ_SECONDS,
    ) -> None:
        self._new_link = partial(Link, bot_id, secret, new_id=lambda: uuid.uuid4().hex)
        self._link = self._new_link()
        self._open_wire = open_wire
        self._clock = clock
        self._on_call = on_call
        self._alarm = alarm
        self._ack_seconds = ack_seconds
        self._read_seconds = read_seconds
        self._wire: Wire | None = None
        self._waiting: dict[str, _Waiting] = {}
        self._busy: set[str] = set()
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
        """When the next try to connect is due (steady seconds); in the past while there is nothing to try."""
        return self._link.try_again_at

    def start(self) -> None:
        if self._thread is None:
            self._stopping.clear()
            self._thread = threading.Thread(target=self._run, name="wecom long connection", daemon=True)
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

    def tell(self, cmd: str, request: str, body: Mapping[str, Any]) -> None:
        """Send a frame and let its acknowledgement pass by.

        Raises:
            PlatformError: there is no connection.
        """
        self._send(frame(cmd, request, body))

    def ask(self, cmd: str, request: str, body: Mapping[str, Any]) -> Mapping[str, Any]:
        """Send a frame and wait for its acknowledgement; of one request, one frame at a time.

        Raises:
            FrameRefused: with the platform's code.
            PlatformError: there is no connection, or no answer.
        """
        with self._turn_of(request):
            waiting = _Waiting()
            self._waiting[request] = waiting
            try:
                self._send(frame(cmd, request, body))
                acknowledged = waiting.outcome(self._ack_seconds)
            finally:
                del self._waiting[request]
        if acknowledged is None:
            raise PlatformError("WeCom did not acknowledge a frame", maybe_sent=True)
        if acknowledged.code == NOT_SUBSCRIBED:
            self._hang_up()
        if acknowledged.code:
            raise FrameRefused(acknowledged.code)
        return acknowledged.body

    def _run(self) -> None:
        while not self._stopping.is_set() and not self._link.is_over:
            try:
                worked = self.step()
            except Exception:  # noqa: BLE001 - the top of a step: one bad call does not end the connection
                _log.exception("the long connection goes on after an error")
                worked = False
            if not worked:
                self._stopping.wait(self._idle_seconds())

    def _step(self, now: float) -> bool:
        if self._link.is_over:
            return False
        if self._wire is None:
            return now >= self._link.try_again_at and self._connect(now)
        try:
            return self._exchange(self._wire, now)
        except WireLostError:
            self._lose()
            return True

    def _idle_seconds(self) -> float:
        """Reading waits by itself; only between two tries is there nothing to wait on."""
        if self._wire is not None:
            return 0.0
        return min(max(self._link.try_again_at - self._clock.steady(), 0.05), self._read_seconds)

    def _connect(self, now: float) -> bool:
        try:
            self._wire = self._open_wire()
            self._wire.send(as_text(self._link.opened(now)))
        except WireLostError:
            self._lose()
        return True

    def _exchange(self, wire: Wire, now: float) -> bool:
        if self._link.is_dead(now):
            raise WireLostError("silent")
        ping = self._link.ping_due(now)
        if ping is not None:
            wire.send(as_text(ping))
        text = wire.receive(self._read_seconds)
        if text is None:
            return False
        match self._link.received(text, self._clock.steady()):
            case Called() as called:
                self._on_call(called)
            case Acknowledged() as acknowledged:
                waiting = self._waiting.get(acknowledged.request)
                if waiting is not None:
                    waiting.settle(acknowledged)
            case None:
                self._end_if_over()
        return True

    def _end_if_over(self) -> None:
        if self._link.is_over:
            self._close()
            self._alarm(
                "the bot id or the secret is wrong"
                if self._link.state == "refused"
                else "another program has taken over the long connection of this bot"
            )

    def _lose(self) -> None:
        self._close()
        self._link.lost(self._clock.steady())

    def _hang_up(self) -> None:
        """End the connection from any thread; the reading thread notices and connects again."""
        wire = self._wire
        if wire is not None:
            wire.close()

    def _close(self) -> None:
        wire, self._wire = self._wire, None
        if wire is not None:
            wire.close()
        for waiting in list(self._waiting.values()):
            waiting.settle(None)

    def _send(self, made: Frame) -> None:
        wire = self._wire
        if wire is None or not self.is_live:
            raise PlatformError(f"the long connection is {self.state}")
        try:
            wire.send(as_text(made))
        except WireLostError as lost:
            raise PlatformError(f"the long connection is lost ({lost})", maybe_sent=True) from None

    @contextmanager
    def _turn_of(self, request: str) -> Iterator[None]:
        with self._changed:
            self._changed.wait_for(lambda: request not in self._busy)
            self._busy.add(request)
        try:
            yield
        finally:
            with self._changed:
                self._busy.discard(request)
                self._changed.notify_all()


class _Waiting:
    """One frame that waits for its acknowledgement; None when the connection went first."""

    def __init__(self) -> None:
        self._done = threading.Event()
        self._outcome: Acknowledged | None = None

    def settle(self, outcome: Acknowledged | None) -> None:
        self._outcome = outcome
        self._done.set()

    def outcome(self, wait_seconds: float) -> Acknowledged | None:
        return self._outcome if self._done.wait(wait_seconds) else None
