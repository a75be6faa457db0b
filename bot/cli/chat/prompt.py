"""The input of the chat: lines from a person at a prompt, or from a pipe."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TextIO

from prompt_toolkit import PromptSession
from prompt_toolkit.auto_suggest import AutoSuggestFromHistory
from prompt_toolkit.completion import CompleteEvent, Completer, Completion
from prompt_toolkit.document import Document
from prompt_toolkit.formatted_text import FormattedText
from prompt_toolkit.history import FileHistory
from prompt_toolkit.input import Input
from prompt_toolkit.key_binding import KeyBindings, KeyPressEvent
from prompt_toolkit.output import Output
from prompt_toolkit.patch_stdout import patch_stdout

from bot.commands.registry import VERBS

LEAVE = ("/quit", "/exit")


class Commands(Completer):
    """Completes a command, and the words that may follow it."""

    def get_completions(self, document: Document, complete_event: CompleteEvent) -> Iterator[Completion]:
        del complete_event
        before = document.text_before_cursor
        if not before.startswith("/"):
            return
        name, space, rest = before[1:].partition(" ")
        if not space:
            for verb in VERBS.values():
                if verb.name.startswith(name):
                    yield Completion(
                        verb.name, -len(name), display=f"/{verb.name}", display_meta=verb.page("en").summary
                    )
            if "quit".startswith(name):
                yield Completion("quit", -len(name), display="/quit", display_meta="leave the room")
        elif name in VERBS and " " not in rest:
            for word in VERBS[name].words:
                if word.startswith(rest):
                    yield Completion(word, -len(rest))


class Prompt:
    """A prompt with history and completion. While it waits, what others print goes above it."""

    def __init__(
        self, room: str, history: Path, *, keyboard: Input | None = None, screen: Output | None = None
    ) -> None:
        history.parent.mkdir(parents=True, exist_ok=True)
        history.touch(mode=0o600, exist_ok=True)
        self._session: PromptSession[str] = PromptSession(
            FormattedText([("bold", room), ("", " › ")]),
            history=FileHistory(history),
            auto_suggest=AutoSuggestFromHistory(),
            completer=Commands(),
            complete_while_typing=True,
            key_bindings=_keys(),
            prompt_continuation="… ",
            reserve_space_for_menu=5,
            input=keyboard,
            output=screen,
        )

    def __iter__(self) -> Iterator[str]:
        """The lines, until Ctrl-D, Ctrl-C on an empty line, or /quit."""
        while True:
            try:
                with patch_stdout(raw=True):
                    text = self._session.prompt()
            except EOFError:
                return
            except KeyboardInterrupt:
                if self._session.default_buffer.text:
                    continue
                return
            if text.strip() in LEAVE:
                return
            if text.strip():
                yield text


def piped_lines(lines: Iterable[str] | TextIO) -> Iterator[str]:
    """The lines of a pipe that say something."""
    for line in lines:
        text = line.strip().removeprefix("\N{ZERO WIDTH NO-BREAK SPACE}")
        if text in LEAVE:
            return
        if text:
            yield text


def _keys() -> KeyBindings:
    keys = KeyBindings()

    @keys.add("escape", "enter")
    def _(event: KeyPressEvent) -> None:
        """Alt-Enter: a line more, for several entries at once."""
        event.current_buffer.insert_text("\n")

    return keys
