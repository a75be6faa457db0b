"""Hands an answer to the web thread that is still holding the request it belongs to.

    web:     with slots.slot(message) as slot:          worker:  slots.offer(message, delivery)
                 accept(message)                                    taken: the web thread delivers it
                 delivery = slot.wait(1.5)                           not taken: the worker sends it

The number of slots is bounded, so that questions can never occupy every web thread.
Nothing durable lives here: a delivery that was handed over and not marked as
delivered is found again through its lease.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from bot.domain import Channel, Delivery, IncomingMessage, MessageKey

_Name = tuple[str, str, MessageKey]


class ResponseSlot:
    """One waiting request. It is left exactly once: with a delivery, or without.

    `accepts` says whether a delivery can go out with the response at all; one that cannot ends the wait,
    for no other is offered.
    """

    def __init__(self, accepts: Callable[[Delivery], bool] = lambda _: True) -> None:
        self._accepts = accepts
        self._changed = threading.Condition()
        self._delivery: Delivery | None = None
        self._is_left = False

    def wait(self, seconds: float) -> Delivery | None:
        """The delivery, or None when it did not come in time; an offer after that is not taken."""
        with self._changed:
            self._changed.wait_for(lambda: self._delivery is not None or self._is_left, timeout=seconds)
            self._is_left = True
            return self._delivery

    def offer(self, delivery: Delivery) -> bool:
        with self._changed:
            if self._is_left or self._delivery is not None:
                return False
            if not self._accepts(delivery):
                self._is_left = True
                self._changed.notify_all()
                return False
            self._delivery = delivery
            self._changed.notify_all()
            return True


class ResponseSlots:
    """The slots, found by the message that waits. `slots` bounds the questions, not the commands."""

    def __init__(self, *, slots: int) -> None:
        self._free = threading.Semaphore(slots)
        self._lock = threading.Lock()
        self._waiting: dict[_Name, ResponseSlot] = {}

    @contextmanager
    def slot(
        self,
        message: IncomingMessage,
        *,
        bounded: bool = True,
        accepts: Callable[[Delivery], bool] = lambda _: True,
    ) -> Iterator[ResponseSlot | None]:
        """A slot for this message, to be opened before it is accepted; None when all are taken.

        `bounded` False gives one in any case: for work known to be short.
        """
        if bounded and not self._free.acquire(blocking=False):
            yield None
            return
        slot = ResponseSlot(accepts)
        name = _name(message.channel, message.keys)
        with self._lock:
            is_first = self._waiting.setdefault(name, slot) is slot
        try:
            # A repeat of a message that somebody already waits for gets no second answer.
            yield slot if is_first else None
        finally:
            if is_first:
                with self._lock:
                    del self._waiting[name]
                # Between the wait and here nothing may be handed over any more.
                slot.wait(0)
            if bounded:
                self._free.release()

    def offer(self, message: IncomingMessage, delivery: Delivery) -> bool:
        """Whether a web thread took the delivery; if not, sending it stays with the caller."""
        with self._lock:
            slot = self._waiting.get(_name(message.channel, message.keys))
        return slot is not None and slot.offer(delivery)


def _name(channel: Channel, keys: tuple[MessageKey, ...]) -> _Name:
    return channel.platform, channel.tenant, keys[0]
