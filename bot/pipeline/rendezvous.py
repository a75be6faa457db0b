"""Hands an answer to the web thread that is still holding the request it belongs to.

    web:     with slots.slot(message) as slot:          worker:  with slots.hold(message) as response:
                 accept(message)                                     store the answer: carried or not
                 delivery = slot.wait(1.5)                           carried: the web thread sends it

While a worker holds a slot, nobody gives up waiting: what it stores as delivered goes out with the
response. The number of slots is bounded, so that questions can never occupy every web thread.
Nothing durable lives here.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager

from bot.domain import Channel, Delivery, IncomingMessage, MessageKey

_Name = tuple[str, str, MessageKey]


class ResponseSlot:
    """One waiting request. It is left exactly once: with a delivery, or without.

    `accepts` says whether a delivery can go out with the response at all, and `rest_of` what of it
    cannot, see `Outbox.complete`.
    """

    def __init__(
        self,
        accepts: Callable[[Delivery], bool] = lambda _: True,
        rest_of: Callable[[Delivery], Mapping[str, str] | None] = lambda _: None,
    ) -> None:
        self.carries = accepts
        self.rest_of = rest_of
        self._changed = threading.Condition()
        self._delivery: Delivery | None = None
        self._is_held = False
        self._is_left = False

    def wait(self, seconds: float) -> Delivery | None:
        """The delivery, or None when it did not come in time; the slot is left then.

        It takes longer only while a worker stores what it decided.
        """
        with self._changed:
            self._changed.wait_for(lambda: self._is_left, timeout=seconds)
            self._changed.wait_for(lambda: not self._is_held)
            self._is_left = True
            return self._delivery

    def hold(self) -> bool:
        """Keep the request waiting; False when nobody waits any more."""
        with self._changed:
            self._is_held = not self._is_left
            return self._is_held

    def deliver(self, delivery: Delivery) -> None:
        """Let it go out with the response of a request that is held."""
        with self._changed:
            self._delivery = delivery

    def let_go(self) -> None:
        """End the wait, with or without a delivery: nothing comes after what is decided first."""
        with self._changed:
            self._is_held, self._is_left = False, True
            self._changed.notify_all()


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
        rest_of: Callable[[Delivery], Mapping[str, str] | None] = lambda _: None,
    ) -> Iterator[ResponseSlot | None]:
        """A slot for this message, to be opened before it is accepted; None when all are taken.

        `bounded` False gives one in any case: for work known to be short.
        """
        if bounded and not self._free.acquire(blocking=False):
            yield None
            return
        slot = ResponseSlot(accepts, rest_of)
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

    @contextmanager
    def hold(self, message: IncomingMessage) -> Iterator[ResponseSlot | None]:
        """The slot of the request that waits for this message, held until the end; None when none does."""
        with self._lock:
            slot = self._waiting.get(_name(message.channel, message.keys))
        if slot is None or not slot.hold():
            yield None
            return
        try:
            yield slot
        finally:
            slot.let_go()


def _name(channel: Channel, keys: tuple[MessageKey, ...]) -> _Name:
    return channel.platform, channel.tenant, keys[0]
