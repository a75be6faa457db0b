"""The foreground process: who gets Ctrl-C, and every signal that asks to stop."""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from types import FrameType

LOOK_SECONDS = 0.25


@contextmanager
def stop_signal(last_resort: Callable[[], None]) -> Iterator[threading.Event]:
    """The event that is set by Ctrl-C, SIGTERM, the end of the terminal, or the end of `make`.

    Asking a second time ends the process at once, after `last_resort`.
    """
    asked = threading.Event()

    def ask(_signal: int, _frame: FrameType | None) -> None:
        if asked.is_set():
            last_resort()
            os._exit(1)
        asked.set()

    signals = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
    before = {each: signal.signal(each, ask) for each in signals}
    with ExitStack() as closing:
        if "MAKELEVEL" in os.environ:
            _watch_parent(asked, closing)
        try:
            yield asked
        finally:
            for each, handler in before.items():
                signal.signal(each, handler)


def _watch_parent(asked: threading.Event, closing: ExitStack) -> None:
    """End with our parent: who kills `make` means us too, and nobody would be left to press Ctrl-C for."""
    parent, ended = os.getppid(), threading.Event()

    def watch() -> None:
        while not ended.wait(LOOK_SECONDS):
            if os.getppid() != parent:
                asked.set()
                return

    thread = threading.Thread(target=watch, name="parent-watcher", daemon=True)
    thread.start()
    closing.callback(thread.join)
    closing.callback(ended.set)


@contextmanager
def own_foreground(terminal: int = 0) -> Iterator[None]:
    """Take the terminal's foreground for ourselves, so that Ctrl-C reaches us and not `make`.

    `make` would die of it with 130 before we have stopped. Where there is no terminal, or
    it is not ours to take, nothing changes.
    """
    before = os.getpgrp()
    if before == os.getpid() or not os.isatty(terminal) or os.tcgetpgrp(terminal) != before:
        yield
        return
    # Giving the terminal back happens from the background, which SIGTTOU would stop. And
    # nobody could wake us from Ctrl-Z: the shell that would is waiting for `make`.
    ignored = (signal.SIGTTOU, signal.SIGTSTP)
    handlers = {each: signal.signal(each, signal.SIG_IGN) for each in ignored}
    os.setpgid(0, 0)
    os.tcsetpgrp(terminal, os.getpgrp())
    try:
        yield
    finally:
        with suppress(OSError):  # the terminal may be gone
            os.tcsetpgrp(terminal, before)
        for each, handler in handlers.items():
            signal.signal(each, handler)
