"""A room to say things in: that of the running bot, or of one that this command starts."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Protocol

from bot.domain import Delivery, IncomingMessage, Reply
from bot.platforms.terminal.platform import Listener, incoming
from bot.process import control_socket

Hear = Callable[[Reply], None]


class Room(Protocol):
    def say(self, text: str, hear: Hear) -> None:
        """Say one line; returns when it has been answered, which may be long after a first reply."""
        ...


class RunningBotsRoom:
    """A room of the bot that runs on this data folder."""

    def __init__(self, data_dir: Path, name: str, person: str) -> None:
        self._data_dir = data_dir
        self._name = name
        self._person = person

    def say(self, text: str, hear: Hear) -> None:
        control_socket.say(self._data_dir, self._name, text, self._person, hear)


class OwnBotsRoom:
    """A room of a bot in this process."""

    def __init__(self, take: Callable[[IncomingMessage, Listener], None], name: str, person: str) -> None:
        self._take = take
        self._name = name
        self._person = person

    def say(self, text: str, hear: Hear) -> None:
        def listener(delivery: Delivery) -> None:
            hear(delivery.reply)

        self._take(incoming(self._name, text, self._person), listener)
