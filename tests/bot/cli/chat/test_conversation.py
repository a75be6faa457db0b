from __future__ import annotations

import threading
from collections.abc import Iterator

import pytest

from bot.cli.chat.connection import OnReply
from bot.cli.chat.conversation import Left, converse, recite
from bot.domain import Reply, Text
from bot.process.control_socket import LocalError, NotRunning


class RecordingScreen:
    def __init__(self) -> None:
        self.shown: list[str] = []

    def show(self, reply: Reply) -> None:
        assert isinstance(reply, Text)
        self.shown.append(reply.body)


class EchoRoom:
    def say(self, text: str, hear: OnReply) -> None:
        hear(Text(text, "en"))


class LoadingRoom:
    """Says that it will answer, and answers when it is told to."""

    def __init__(self) -> None:
        self.ready = threading.Event()
        self.answered = threading.Event()

    def say(self, text: str, hear: OnReply) -> None:
        hear(Text("loading", "en"))
        assert self.ready.wait(10)
        hear(Text(text, "en"))
        self.answered.set()


class BrokenRoom:
    def __init__(self, problem: Exception) -> None:
        self._problem = problem

    def say(self, text: str, hear: OnReply) -> None:
        raise self._problem


def test_a_pipe_hears_every_line_answered_in_order() -> None:
    screen = RecordingScreen()
    recite(["one", "two"], EchoRoom(), screen)
    assert screen.shown == ["one", "two"]


def test_a_person_hears_every_line_answered_in_order() -> None:
    screen = RecordingScreen()
    converse(["one", "two"], EchoRoom(), screen, pytest.fail)
    assert screen.shown == ["one", "two"]


def test_while_the_engine_loads_the_prompt_comes_back_and_the_answer_follows() -> None:
    room, screen = LoadingRoom(), RecordingScreen()

    def lines() -> Iterator[str]:
        yield "one"
        screen.shown.append("(the prompt is back)")
        room.ready.set()
        assert room.answered.wait(10)

    converse(lines(), room, screen, pytest.fail)
    assert screen.shown == ["loading", "(the prompt is back)", "one"]


def test_a_bot_that_stops_ends_the_conversation() -> None:
    with pytest.raises(Left):
        converse(["one", "two"], BrokenRoom(NotRunning("it stopped")), RecordingScreen(), pytest.fail)
    with pytest.raises(Left):
        recite(["one"], BrokenRoom(NotRunning("it stopped")), RecordingScreen())


def test_a_person_is_told_of_a_refusal_and_may_go_on() -> None:
    told: list[str] = []
    converse(["one", "two"], BrokenRoom(LocalError("not now")), RecordingScreen(), told.append)
    assert told == ["not now", "not now"]
