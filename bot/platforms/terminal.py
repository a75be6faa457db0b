"""The chat room in a terminal: whoever typed a line hears its replies, in this process.

Nothing here writes to a screen; `bot.chat` does.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from uuid import uuid4

from bot.domain import Channel, Delivery, IncomingMessage, MessageKey, Person, PlatformError, Surface

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


class TerminalPlatform:
    """Hands each reply to the listener of the line that it answers.

    A reply to somebody who left finds nobody: it is a dead letter, because a terminal
    that is gone does not come back.
    """

    name = NAME

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._listeners: dict[str, Listener] = {}

    @contextmanager
    def listening(self, message: IncomingMessage, listener: Listener) -> Iterator[None]:
        """Inside, replies to this message go to `listener`. It raises OSError where nobody reads any more."""
        seat = message.address["seat"]
        with self._lock:
            self._listeners[seat] = listener
        try:
            yield
        finally:
            with self._lock:
                del self._listeners[seat]

    def send(self, delivery: Delivery) -> str:
        with self._lock:
            listener = self._listeners.get(delivery.address.get("seat", ""))
        if listener is None:
            raise PlatformError(f"nobody listens in the room {delivery.channel.id} any more", permanent=True)
        try:
            listener(delivery)
        except OSError as left:
            raise PlatformError(f"the room {delivery.channel.id} was left", permanent=True) from left
        return ""
