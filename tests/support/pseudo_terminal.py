"""A terminal without a screen: a program in it believes that a person sits there."""

from __future__ import annotations

import contextlib
import os
import pty
import select
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

CTRL_C, CTRL_D, CTRL_Z = "\x03", "\x04", "\x1a"
# Makes the terminal on its standard input its own, as a shell's terminal is.
_TAKE_TERMINAL = "import os, sys; os.open(os.ttyname(0), os.O_RDWR); os.execvp(sys.argv[1], sys.argv[1:])"


class PseudoTerminal:
    """A program on a pseudo-terminal; `seen` is its output so far."""

    def __init__(self, process: subprocess.Popen[bytes], screen: int) -> None:
        self.process = process
        self.seen = ""
        self._screen = screen
        self._passed = 0

    def type(self, keys: str) -> None:
        os.write(self._screen, keys.encode())

    def until(self, text: str, seconds: float = 60) -> None:
        """Read on until `text` has been written after what was waited for before; fails when it is not."""
        end = time.monotonic() + seconds
        while text not in self.seen[self._passed :]:
            assert self._read(end - time.monotonic()), f"never saw {text!r}, but:\n{self.seen}"
        self._passed = self.seen.index(text, self._passed) + len(text)

    def ends_with(self, seconds: float = 60) -> int:
        """The exit code; whatever is written until then is read."""
        end = time.monotonic() + seconds
        while self._read(max(0.0, end - time.monotonic())):
            pass
        return self.process.wait(max(0.1, end - time.monotonic()))

    def _read(self, seconds: float) -> bool:
        if not select.select([self._screen], [], [], max(0.0, seconds))[0]:
            return False
        with contextlib.suppress(OSError):  # Linux says so when the last program has closed it
            found = os.read(self._screen, 65536)
            self.seen += found.decode(errors="replace")
            return bool(found)
        return False


@contextmanager
def a_terminal(
    command: Sequence[str], *, cwd: Path, environment: Mapping[str, str] | None = None
) -> Iterator[PseudoTerminal]:
    """Run a command in a terminal and a session of its own; it is killed at the end if it still runs."""
    screen, program_side = pty.openpty()
    process = subprocess.Popen(
        [sys.executable, "-c", _TAKE_TERMINAL, *command],
        stdin=program_side,
        stdout=program_side,
        stderr=program_side,
        cwd=cwd,
        # It cannot tell where its cursor is, and would be asked for seconds.
        env={**os.environ, "PROMPT_TOOLKIT_NO_CPR": "1", **(environment or {})},
        start_new_session=True,
    )
    os.close(program_side)
    try:
        yield PseudoTerminal(process, screen)
    finally:
        process.kill()
        process.wait()
        os.close(screen)
