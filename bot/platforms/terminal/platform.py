"""The chat room in a terminal: whoever typed a line hears its replies, in this process.

Nothing here writes to a screen; `bot.cli.chat` does.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from itertools import count
from pathlib import Path
from uuid import uuid4

from bot.domain import (
    Channel,
    Delivery,
    Document,
    IncomingMessage,
    Membership,
    MessageKey,
    Person,
    PlatformError,
    Surface,
    Text,
)
from bot.store import Accepted

NAME = "terminal"
TENANT = "local"
# How long a terminal goes without looking whether its line is answered, should it miss the news.
LOOK_SECONDS = 1.0
Listener = Callable[[Delivery], None]


def incoming(room: str, text: str, person: str) -> IncomingMessage:
    """One line typed in a room, as a message like any other. Each has a slot for its answer."""
    slot = uuid4().hex
    return IncomingMessage(
        channel=Channel(NAME, TENANT, room),
        person=Person(NAME, TENANT, person, person),
        keys=(MessageKey("line", slot),),
        surface=Surface.MESSAGE,
        text=text,
        mentioned=True,
        is_direct=True,
        address={"seat": slot},
        membership=Membership.MEMBER,
    )


@dataclass(frozen=True, slots=True)
class _Slot:
    listener: Listener
    nudged: threading.Event


class TerminalPlatform:
    """Hands each reply to the listener of the line that it answers.

    A reply to somebody who left finds nobody: it is a dead letter, because a terminal
    that is gone does not come back. Where this process is not alone (`is_alone`) they may
    listen in another, so it is tried again. A file is written into `folder`, and the reply says
    where; `contents` gives its bytes while they are kept. `accept` takes a line into the inbox;
    `is_over` says by its item's id whether all its replies are out.
    """

    name = NAME

    def __init__(
        self,
        contents: Callable[[str], bytes | None],
        folder: Path,
        *,
        accept: Callable[[IncomingMessage], Accepted],
        is_over: Callable[[int], bool],
        is_alone: bool = True,
    ) -> None:
        self._accept = accept
        self._is_over = is_over
        self._is_alone = is_alone
        self._is_stopping = threading.Event()
        self._contents = contents
        self._folder = folder
        self._lock = threading.Lock()
        self._slots: dict[str, _Slot] = {}

    def start(self) -> None:
        """Nothing runs here: whoever says a line brings the thread."""

    def stop(self) -> None:
        """Let everybody go who still waits."""
        self._is_stopping.set()
        self.nudge()

    def say(self, message: IncomingMessage, listener: Listener) -> None:
        """Put one line into the inbox, and stay until all its replies were heard, or the bot stops."""
        with self.listening(message, listener) as nudged:
            item_id = self._accept(message).item_id
            while not (self._is_stopping.is_set() or self._is_over(item_id)):
                # The news may come between the look and the wait; then the event is set already.
                nudged.wait(LOOK_SECONDS)
                nudged.clear()

    @contextmanager
    def listening(self, message: IncomingMessage, listener: Listener) -> Iterator[threading.Event]:
        """Inside, replies to this message go to `listener`; the event is set whenever there is news.

        The listener raises OSError where nobody reads any more.
        """
        name, slot = message.address["seat"], _Slot(listener, threading.Event())
        with self._lock:
            self._slots[name] = slot
        try:
            yield slot.nudged
        finally:
            with self._lock:
                del self._slots[name]

    def nudge(self) -> None:
        """Something is done, or at its end: whoever waits looks whether that was theirs."""
        with self._lock:
            for slot in self._slots.values():
                slot.nudged.set()

    def speaks_first(self, channel: Channel) -> bool:  # noqa: ARG002 - nobody sits there all day
        return False

    def send(self, delivery: Delivery) -> str:
        with self._lock:
            slot = self._slots.get(delivery.address.get("seat", ""))
        if slot is None:
            raise PlatformError(
                f"nobody listens in the room {delivery.channel.id} any more", permanent=self._is_alone
            )
        reply = delivery.reply
        if isinstance(reply, Document):
            delivery = replace(delivery, reply=self._write_file(reply))
        try:
            slot.listener(delivery)
        except OSError as left:
            raise PlatformError(f"the room {delivery.channel.id} was left", permanent=True) from left
        return ""

    def _write_file(self, document: Document) -> Text:
        content = self._contents(document.id)
        if content is None:
            raise PlatformError(f"the file {document.name} is no longer kept", permanent=True)
        try:
            path = _write(self._folder, document.name, content)
        except OSError as full:
            raise PlatformError(f"the file {document.name} could not be written: {full.strerror}") from full
        said = Text(f"{document.body}\n{path}", document.language, document.private, document.verb)
        return replace(said, buttons=document.buttons)


def _write(folder: Path, name: str, content: bytes) -> Path:
    """Under its name, or the next free one like it. Only its owner may read it."""
    folder.mkdir(parents=True, exist_ok=True)
    first = Path(name)
    for number in count(1):
        path = folder / (first.name if number == 1 else f"{first.stem}-{number}{first.suffix}")
        with suppress(FileExistsError):
            path.touch(0o600, exist_ok=False)
            path.write_bytes(content)
            return path.resolve()
    raise AssertionError("counting came to an end; this is a bug")
