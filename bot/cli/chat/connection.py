"""A room to say things in: that of the running bot, or of one that this command starts."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Protocol

from bot.domain import Reply, reply_from_json
from bot.process import control_socket
from bot.process.control_socket import Operation

OnReply = Callable[[Reply], None]


class Room(Protocol):
    def say(self, text: str, hear: OnReply) -> None:
        """Say one line; returns when it has been answered, which may be long after a first reply."""
        ...


class RunningBotsRoom:
    """A room of the bot that runs on this data folder."""

    def __init__(self, data_dir: Path, name: str, person: str) -> None:
        self._data_dir = data_dir
        self._name = name
        self._person = person

    def say(self, text: str, hear: OnReply) -> None:
        control_socket.say(self._data_dir, self._name, text, self._person, hear)


class OwnBotsRoom:
    """A room of a bot in this process; `say` is its operation of that name."""

    def __init__(self, say: Operation, name: str, person: str) -> None:
        self._say = say
        self._name = name
        self._person = person

    def say(self, text: str, hear: OnReply) -> None:
        line = {"room": self._name, "text": text, "person": self._person}
        self._say(line, lambda heard: hear(reply_from_json(heard)))
