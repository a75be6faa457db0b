from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from bot.domain import Delivery, Document, IncomingMessage, PlatformError, Text
from bot.platforms.terminal.platform import TerminalPlatform, incoming
from bot.store import Accepted


def a_delivery(message: IncomingMessage) -> Delivery:
    return Delivery(
        id=1,
        channel=message.channel,
        address=message.address,
        reply=Text("hello", "en"),
        lease=1,
        attempt=1,
        decided_at=datetime(2026, 9, 21, tzinfo=UTC),
    )


def a_terminal(contents: Callable[[str], bytes | None], folder: Path) -> TerminalPlatform:
    return TerminalPlatform(
        contents, folder, accept=lambda _: Accepted(1, is_new=True), is_over=lambda _: True
    )


def test_a_reply_goes_to_the_line_it_answers_and_to_no_other_in_the_room() -> None:
    terminal, mine, theirs = a_terminal(lambda _: None, Path()), list[Delivery](), list[Delivery]()
    message, other = incoming("lunch", "hi", "ann"), incoming("lunch", "hi", "bob")
    with terminal.listening(message, mine.append), terminal.listening(other, theirs.append):
        terminal.send(a_delivery(message))
    assert (mine, theirs) == ([a_delivery(message)], [])


def test_a_reply_to_somebody_who_left_is_not_tried_again() -> None:
    terminal, message = a_terminal(lambda _: None, Path()), incoming("lunch", "hi", "ann")
    with terminal.listening(message, lambda _: None):
        pass
    with pytest.raises(PlatformError) as refused:
        terminal.send(a_delivery(message))
    assert refused.value.permanent


def test_a_listener_that_cannot_be_written_to_is_somebody_who_left() -> None:
    def broken(_: Delivery) -> None:
        raise BrokenPipeError

    terminal, message = a_terminal(lambda _: None, Path()), incoming("lunch", "hi", "ann")
    with terminal.listening(message, broken), pytest.raises(PlatformError) as refused:
        terminal.send(a_delivery(message))
    assert refused.value.permanent


def test_the_same_line_typed_twice_is_two_messages() -> None:
    assert incoming("lunch", "hi", "ann").keys != incoming("lunch", "hi", "ann").keys


def test_a_file_is_written_beside_the_data_and_the_reply_says_where(tmp_path: Path) -> None:
    terminal, heard = a_terminal({"d1": b"a,b"}.get, tmp_path / "exports"), list[Delivery]()
    message = incoming("lunch", "/export", "ann")
    document = Document("d1", "../a.csv", "text/csv", "1 row", "en", link="To download: x")
    with terminal.listening(message, heard.append):
        for _ in range(2):
            terminal.send(replace(a_delivery(message), reply=document))
    first, second = tmp_path / "exports/a.csv", tmp_path / "exports/a-2.csv"
    assert [delivery.reply for delivery in heard] == [
        Text(f"1 row\n{path}", "en") for path in (first, second)
    ]
    assert (first.read_bytes(), first.stat().st_mode & 0o777) == (b"a,b", 0o600)


def test_a_file_that_is_gone_is_a_dead_letter(tmp_path: Path) -> None:
    terminal, message = a_terminal(lambda _: None, tmp_path), incoming("lunch", "/export", "ann")
    document = Document("d1", "a.csv", "text/csv", "1 row", "en")
    with terminal.listening(message, lambda _: None), pytest.raises(PlatformError, match="no longer kept"):
        terminal.send(replace(a_delivery(message), reply=document))
