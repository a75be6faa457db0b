"""The chat room in a terminal: whoever typed a line hears its replies, in this process.

Nothing here writes to a screen; `bot.chat` does.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from uuid import uuid4

from bot.domain import (
    Channel,
    Delivery,
    InboxItem,
    IncomingMessage,
    MessageKey,
    Person,
    PlatformError,
    Surface,
)

NAME = "terminal"
TENANT = "local"
Listener = Callable[[Delivery], None]


def incoming(room: str, text: str, person: str) -> IncomingMessage:
    """One line typed in a room, as a message like any other. Each has a seat to answer to."""
    seat = uuid4().hex
    return IncomingMessage(
        channel=Channel(NAME, TENANT, room),
        person=Person(NAME, TENANT, person, person),
        keys=(MessageKey("line", seat),),
        surface=Surface.MESSAGE,
        text=text,
        mentioned=True,
        is_direct=True,
        address={"seat": seat},
    )


@dataclass(frozen=True, slots=True)
class _Seat:
    listener: Listener
    is_finished: threading.Event


class TerminalPlatform:
    """Hands each reply to the listener of the line that it answers.

    A reply to somebody who left finds nobody: it is a dead letter, because a terminal
    that is gone does not come back.
    """

    name = NAME

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._seats: dict[str, _Seat] = {}

    @contextmanager
    def listening(self, message: IncomingMessage, listener: Listener) -> Iterator[threading.Event]:
        """Inside, replies to this message go to `listener`; the event is set once there are no more.

        The listener raises OSError where nobody reads any more.
        """
        name, seat = message.address["seat"], _Seat(listener, threading.Event())
        with self._lock:
            self._seats[name] = seat
        try:
            yield seat.is_finished
        finally:
            with self._lock:
                del self._seats[name]

    def finished(self, item: InboxItem) -> None:
        """The worker's word that nothing more will be said to this item."""
        with self._lock:
            seat = self._seats.get(item.message.address.get("seat", ""))
        if seat is not None:
            seat.is_finished.set()

    def close(self) -> None:
        """Nobody will be answered any more: let everybody go who still waits."""
        with self._lock:
            for seat in self._seats.values():
                seat.is_finished.set()

    def send(self, delivery: Delivery) -> str:
        with self._lock:
            seat = self._seats.get(delivery.address.get("seat", ""))
        if seat is None:
            raise PlatformError(f"nobody listens in the room {delivery.channel.id} any more", permanent=True)
        try:
            seat.listener(delivery)
        except OSError as left:
            raise PlatformError(f"the room {delivery.channel.id} was left", permanent=True) from left
        return ""
