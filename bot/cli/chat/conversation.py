"""One turn of the chat: a line is said, and how long to wait before the prompt is back."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable

from bot.cli.chat.connection import Room
from bot.cli.chat.screen import Screen
from bot.domain import Reply
from bot.process.control_socket import LocalError, NotRunning
from bot.store import StoreError

# A person looks for the prompt after this long; the answer then follows above it.
PATIENCE_SECONDS = 5.0
# After a first reply, such as the notice that the engine is loading, much less.
PATIENCE_AFTER_A_REPLY_SECONDS = 0.3


class Left(Exception):
    """The conversation cannot go on, and why."""


class Saying:
    """One line on its way, in a thread of its own, so that the prompt need not wait for its end."""

    def __init__(self, room: Room, text: str, screen: Screen, complain: Callable[[str], None]) -> None:
        self._room = room
        self._text = text
        self._screen = screen
        self._complain = complain
        self._changed = threading.Condition()
        self._has_reply = False
        self._is_done = False
        self._left: Left | None = None
        threading.Thread(target=self._say, name="saying", daemon=True).start()

    def wait(self) -> None:
        """Wait for the answer, for as long as a person would.

        Raises:
            Left: there is nobody to talk to any more.
        """
        with self._changed:
            self._changed.wait_for(lambda: self._has_reply or self._is_done, PATIENCE_SECONDS)
            self._changed.wait_for(lambda: self._is_done, PATIENCE_AFTER_A_REPLY_SECONDS)
        if self._left:
            raise self._left

    def _say(self) -> None:
        try:
            self._room.say(self._text, self._hear)
        except NotRunning as gone:
            self._left = Left(str(gone))
        except (LocalError, StoreError) as refusal:
            self._complain(str(refusal))
        finally:
            with self._changed:
                self._is_done = True
                self._changed.notify_all()

    def _hear(self, reply: Reply) -> None:
        self._screen.show(reply)
        with self._changed:
            self._has_reply = True
            self._changed.notify_all()


def converse(lines: Iterable[str], room: Room, screen: Screen, complain: Callable[[str], None]) -> None:
    """A person: the prompt comes back although an answer may still be on its way."""
    for line in lines:
        saying = Saying(room, line, screen, complain)
        try:
            saying.wait()
        except KeyboardInterrupt:
            continue  # Ctrl-C stops the waiting; the answer is shown when it comes


def recite(lines: Iterable[str], room: Room, screen: Screen) -> None:
    """A pipe: each line is answered before the next is read."""
    for line in lines:
        try:
            room.say(line, screen.show)
        except (NotRunning, LocalError, StoreError) as problem:
            raise Left(str(problem)) from problem
