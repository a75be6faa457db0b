"""The programs as processes that cost no import: each is a fork of one that has imported both.

A fork is a process like any other: it has a number, a session and files of its own, is killed and ends by
itself, and runs the same module from its first line. Only what Python read to get there is already read.
What starts in its own way (with few files, over a disk of its own) is started in its own way.
"""

from __future__ import annotations

import atexit
import functools
import gc
import importlib
import json
import os
import runpy
import select
import socket
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parents[2]
_LONGEST_REQUEST = 1 << 20
_IMPORTED = ("bot.__main__", "engine.__main__", "tests.support.sabotage")


class Fork:
    """A child of the forker, with the interface of `subprocess.Popen`."""

    def __init__(self, told: int, log: int) -> None:
        self.stderr = open(log, "rb")  # noqa: SIM115 - as long as the process
        self._told = os.fdopen(told, "rb", buffering=0)
        self._code: int | None = None
        self.pid = int(self._told.readline())

    def poll(self) -> int | None:
        return self._wait_for_end(0)

    def wait(self, timeout: float | None = None) -> int:
        """Its exit code; negative for a signal.

        Raises:
            subprocess.TimeoutExpired: it goes on.
        """
        code = self._wait_for_end(timeout)
        if code is None:
            raise subprocess.TimeoutExpired(f"process {self.pid}", timeout or 0)
        return code

    def _wait_for_end(self, seconds: float | None) -> int | None:
        if self._code is None and select.select([self._told], [], [], seconds)[0]:
            self._code = int(self._told.readline())
            self._told.close()
        return self._code


class Forker:
    """The process that forks. It ends with whoever holds its line."""

    def __init__(self) -> None:
        self._line, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        with theirs:
            self._process = subprocess.Popen(
                [sys.executable, "-m", __name__, str(theirs.fileno())],
                cwd=REPOSITORY,
                pass_fds=[theirs.fileno()],
                stdin=subprocess.DEVNULL,
                start_new_session=True,
            )
        atexit.register(self._close)

    def start(self, module: str, arguments: Sequence[str], environment: Mapping[str, str]) -> Fork:
        """`python -m module arguments…` with nothing but this environment."""
        (told, tells), (log, logs) = os.pipe(), os.pipe()
        request = json.dumps([[module, *arguments], {**environment}]).encode()
        socket.send_fds(self._line, [request], [logs, tells])
        os.close(logs)
        os.close(tells)
        return Fork(told, log)

    def _close(self) -> None:
        self._line.close()
        self._process.wait()


@functools.cache
def the_forker() -> Forker:
    return Forker()


def _fork_on_request(line: socket.socket) -> list[str]:
    """Comes back in each child, with what it is to run, and in the forker when nobody asks any more."""
    children: dict[int, tuple[int, int]] = {}
    while True:
        for ended in select.select([line.fileno(), *children], [], [])[0]:
            if ended != line.fileno():
                number, tells = children.pop(ended)
                code = os.waitstatus_to_exitcode(os.waitpid(number, 0)[1])
                _tell(tells, code)
                os.close(ended)
                continue
            request, (*files,), _, _ = socket.recv_fds(line, _LONGEST_REQUEST, 2)
            if not request:
                return []
            logs, tells = files
            command, environment = json.loads(request)
            number = os.fork()
            if not number:
                line.close()
                for sibling, (_, told) in children.items():
                    os.close(sibling)
                    os.close(told)
                _become(logs, tells, environment)
                return [str(word) for word in command]
            os.close(logs)
            children[os.pidfd_open(number)] = number, tells


def _become(logs: int, tells: int, environment: dict[str, str]) -> None:
    os.setsid()
    nothing = os.open(os.devnull, os.O_RDWR)
    for given, wanted in ((nothing, 0), (nothing, 1), (logs, 2)):
        os.dup2(given, wanted)
    os.close(nothing)
    os.close(logs)
    os.environ.clear()
    os.environ.update(environment)
    # Only now can the group be killed.
    os.write(tells, f"{os.getpid()}\n".encode())
    os.close(tells)


def _tell(tells: int, code: int) -> None:
    try:
        os.write(tells, f"{code}\n".encode())
    except BrokenPipeError:
        pass  # nobody waits for this one any more
    finally:
        os.close(tells)


def _serve() -> None:
    for name in _IMPORTED:
        importlib.import_module(name)
        # Each of them is run from its first line again, under the name of a program.
        sys.modules.pop(name)
    gc.collect()
    gc.freeze()
    command = _fork_on_request(socket.socket(fileno=int(sys.argv[1])))
    if command:
        sys.argv = command
        runpy.run_module(command[0], run_name="__main__", alter_sys=True)


if __name__ == "__main__":
    _serve()
