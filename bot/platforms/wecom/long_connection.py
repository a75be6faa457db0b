"""The long connection of one robot: frames that are answered, and what the platform's errors mean."""

from __future__ import annotations

import threading
import uuid
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from functools import partial
from typing import Any

from bot.domain import Clock, PlatformError
from bot.platforms.long_connection import READ_SECONDS, LongConnection
from bot.platforms.websocket import Wire
from bot.platforms.wecom.socket_protocol import Acknowledged, Called, Link, frame

ACK_SECONDS = 5.0

NOT_SUBSCRIBED = 846609
_RATES = frozenset({45009, 45033, 846607})


class FrameRefused(PlatformError):
    """The platform acknowledged a frame with an error."""

    def __init__(self, code: int) -> None:
        super().__init__(
            f"WeCom refused a frame ({code})", retry_after_seconds=60.0 if code in _RATES else None
        )
        self.code = code


class RobotConnection(LongConnection[Called | Acknowledged]):
    """Keeps one robot connected, and is what its answers go out through.

    `on_call` is called on the reading thread, so it stores and returns; answers that need
    no acknowledgement may go out with `tell` from within it, all others from elsewhere.
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
        super().__init__(
            "wecom long connection",
            new_link=partial(Link, bot_id, secret, new_id=lambda: uuid.uuid4().hex),
            open_wire=open_wire,
            clock=clock,
            on_frame=self._take,
            alarm=alarm,
            on_lost=self._give_up_waiting,
            read_seconds=read_seconds,
        )
        self._on_call = on_call
        self._ack_seconds = ack_seconds
        self._waiting: dict[str, _Waiting] = {}
        self._busy: set[str] = set()
        self._turns = threading.Condition()

    def tell(self, cmd: str, request: str, body: Mapping[str, Any]) -> None:
        """Send a frame and let its acknowledgement pass by.

        Raises:
            PlatformError: there is no connection.
        """
        self.send(frame(cmd, request, body))

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
                self.send(frame(cmd, request, body))
                acknowledged = waiting.outcome(self._ack_seconds)
            finally:
                del self._waiting[request]
        if acknowledged is None:
            raise PlatformError("WeCom did not acknowledge a frame", maybe_sent=True)
        if acknowledged.code == NOT_SUBSCRIBED:
            self.hang_up()
        if acknowledged.code:
            raise FrameRefused(acknowledged.code)
        return acknowledged.body

    def _take(self, meant: Called | Acknowledged, _: Wire) -> None:
        if isinstance(meant, Called):
            self._on_call(meant)
            return
        waiting = self._waiting.get(meant.request)
        if waiting is not None:
            waiting.settle(meant)

    def _give_up_waiting(self) -> None:
        for waiting in list(self._waiting.values()):
            waiting.settle(None)

    @contextmanager
    def _turn_of(self, request: str) -> Iterator[None]:
        with self._turns:
            self._turns.wait_for(lambda: request not in self._busy)
            self._busy.add(request)
        try:
            yield
        finally:
            with self._turns:
                self._busy.discard(request)
                self._turns.notify_all()


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
