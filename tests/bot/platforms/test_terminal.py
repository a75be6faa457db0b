from __future__ import annotations

from pathlib import Path

import pytest

from bot.domain import Delivery, IncomingMessage, PlatformError, Text
from bot.platforms.terminal import TerminalPlatform, incoming


def a_delivery(message: IncomingMessage) -> Delivery:
    return Delivery(
        id=1, channel=message.channel, address=message.address, reply=Text("hello", "en"), lease=1, attempt=1
    )


def test_a_reply_goes_to_the_line_it_answers_and_to_no_other_in_the_room() -> None:
    terminal, mine, theirs = TerminalPlatform(lambda _: None, Path()), list[Delivery](), list[Delivery]()
    message, other = incoming("lunch", "hi", "ann"), incoming("lunch", "hi", "bob")
    with terminal.listening(message, mine.append), terminal.listening(other, theirs.append):
        terminal.send(a_delivery(message))
    assert (mine, theirs) == ([a_delivery(message)], [])


def test_a_reply_to_somebody_who_left_is_not_tried_again() -> None:
    terminal, message = TerminalPlatform(lambda _: None, Path()), incoming("lunch", "hi", "ann")
    with terminal.listening(message, lambda _: None):
        pass
    with pytest.raises(PlatformError) as refused:
        terminal.send(a_delivery(message))
    assert refused.value.permanent


def test_a_listener_that_cannot_be_written_to_is_somebody_who_left() -> None:
    def broken(_: Delivery) -> None:
        raise BrokenPipeError

    terminal, message = TerminalPlatform(lambda _: None, Path()), incoming("lunch", "hi", "ann")
    with terminal.listening(message, broken), pytest.raises(PlatformError) as refused:
        terminal.send(a_delivery(message))
    assert refused.value.permanent


def test_the_same_line_typed_twice_is_two_messages() -> None:
    assert incoming("lunch", "hi", "ann").keys != incoming("lunch", "hi", "ann").keys
