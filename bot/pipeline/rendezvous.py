"""Hands an answer to the web thread that is still holding the request it belongs to.

    web:     with handover.seat(message) as seat:        worker:  handover.offer(message, delivery)
                 accept(message)                                    taken: the web thread delivers it
                 delivery = seat.wait(1.5)                           not taken: the worker sends it

The number of seats is bounded, so that questions can never occupy every web thread.
Nothing durable lives here: a delivery that was handed over and not marked as
delivered is found again through its lease.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from bot.domain import Channel, Delivery, IncomingMessage, MessageKey

_Name = tuple[str, str, MessageKey]


class Seat:
    """One waiting request. It is left exactly once: with a delivery, or without.

    `takes` says whether a delivery can go out with the response at all.
    """

    def __init__(self, takes: Callable[[Delivery], bool] = lambda _: True) -> None:
        self._takes = takes
        self._changed = threading.Condition()
        self._delivery: Delivery | None = None
        self._is_left = False

    def wait(self, seconds: float) -> Delivery | None:
        """The delivery, or None when it did not come in time; an offer after that is not taken."""
        with self._changed:
            self._changed.wait_for(lambda: self._delivery is not None, timeout=seconds)
            self._is_left = True
            return self._delivery

    def offer(self, delivery: Delivery) -> bool:
        with self._changed:
            if self._is_left or self._delivery is not None or not self._takes(delivery):
                return False
            self._delivery = delivery
            self._changed.notify_all()
            return True


class Handover:
    """The seats, found by the message that waits. `seats` bounds the questions, not the commands."""

    def __init__(self, *, seats: int) -> None:
        self._free = threading.Semaphore(seats)
        self._lock = threading.Lock()
        self._waiting: dict[_Name, Seat] = {}

    @contextmanager
    def seat(
        self,
        message: IncomingMessage,
        *,
        bounded: bool = True,
        takes: Callable[[Delivery], bool] = lambda _: True,
    ) -> Iterator[Seat | None]:
        """A seat for this message, to be opened before it is accepted; None when all are taken.

        `bounded` False gives one in any case: for work known to be short.
        """
        if bounded and not self._free.acquire(blocking=False):
            yield None
            return
        seat = Seat(takes)
        name = _name(message.channel, message.keys)
        with self._lock:
            is_first = self._waiting.setdefault(name, seat) is seat
        try:
            # A repeat of a message that somebody already waits for gets no second answer.
            yield seat if is_first else None
        finally:
            if is_first:
                with self._lock:
                    del self._waiting[name]
                # Between the wait and here nothing may be handed over any more.
                seat.wait(0)
            if bounded:
                self._free.release()

    def offer(self, message: IncomingMessage, delivery: Delivery) -> bool:
        """Whether a web thread took the delivery; if not, sending it stays with the caller."""
        with self._lock:
            seat = self._waiting.get(_name(message.channel, message.keys))
        return seat is not None and seat.offer(delivery)


def _name(channel: Channel, keys: tuple[MessageKey, ...]) -> _Name:
    return channel.platform, channel.tenant, keys[0]
