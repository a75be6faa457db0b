"""The prompt itself, with a pipe for a keyboard."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from prompt_toolkit.completion import CompleteEvent
from prompt_toolkit.document import Document
from prompt_toolkit.input import create_pipe_input
from prompt_toolkit.output import DummyOutput

from bot.cli.chat.prompt import Commands, Prompt, piped_lines
from bot.commands.registry import VERBS

ENTER, CTRL_C, CTRL_D, ALT_ENTER, UP = "\r", "\x03", "\x04", "\x1b\r", "\x1b[A"


def typed(keys: str, history: Path) -> list[str]:
    """What the prompt gives; in a thread of its own, because a browser's loop may run in this one."""

    def prompt() -> list[str]:
        with create_pipe_input() as keyboard:
            keyboard.send_text(keys)
            return list(Prompt("terminal", history, keyboard=keyboard, screen=DummyOutput()))

    with ThreadPoolExecutor(1) as aside:
        return aside.submit(prompt).result()


def completed(text: str) -> list[str]:
    found = Commands().get_completions(Document(text), CompleteEvent())
    return [text[: len(text) + each.start_position] + each.text for each in found]


@pytest.mark.parametrize("leave", [CTRL_D, CTRL_C, "/quit" + ENTER])
def test_the_room_is_left_by_key_and_by_word(tmp_path: Path, leave: str) -> None:
    assert typed("夏天吃什么水果？" + ENTER + leave, tmp_path / "history") == ["夏天吃什么水果？"]


def test_ctrl_c_throws_away_the_line_and_not_the_room(tmp_path: Path) -> None:
    assert typed("oops" + CTRL_C + "hello" + ENTER + CTRL_D, tmp_path / "history") == ["hello"]


def test_an_empty_line_is_not_a_question(tmp_path: Path) -> None:
    assert typed(ENTER + "  " + ENTER + CTRL_D, tmp_path / "history") == []


def test_several_lines_can_be_said_at_once(tmp_path: Path) -> None:
    said = typed("/kb add one" + ALT_ENTER + "two" + ENTER + CTRL_D, tmp_path / "history")
    assert said == ["/kb add one\ntwo"]


def test_what_was_said_is_there_the_next_time_and_only_its_owner_can_read_it(tmp_path: Path) -> None:
    history = tmp_path / "data" / "history"
    typed("hello" + ENTER + CTRL_D, history)
    assert typed(UP + ENTER + CTRL_D, history) == ["hello"]
    assert history.stat().st_mode & 0o077 == 0


def test_every_command_is_completed_and_so_are_its_words() -> None:
    assert {f"/{name}" for name in VERBS} <= set(completed("/"))
    assert completed("/thr") == ["/threshold"]
    assert completed("/threshold u") == ["/threshold undo"]


@pytest.mark.parametrize("text", ["", "how do I /thr", "/nonsense u", "/threshold try 0"])
def test_nothing_is_completed_where_nothing_fits(text: str) -> None:
    assert completed(text) == []


def test_a_pipe_leaves_out_blank_lines_and_ends_at_quit() -> None:
    assert list(piped_lines(["\ufeffone\n", "\n", "  two \r\n", "/quit\n", "three\n"])) == ["one", "two"]
