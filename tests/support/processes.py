"""The two programs as real processes: started, killed, asked to stop, and heard through their logs.

A `Home` is what survives a process (a folder, an address, a configuration); a `Life` is
one process over it. Nothing here waits for a time: a life is ready when it says so.
"""

from __future__ import annotations

import contextlib
import json
import os
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Self

from tests.support.forker import REPOSITORY, Fork, the_forker

WAIT_SECONDS = 60.0
# The whole rig can be run on a program that lacks one of its safeguards, see sabotage.py.
TAMPERED = "TAMPERED"
# A model in processes of its own takes longer to start, and is another test's subject.
_MODEL_IN_ENGINE = {"KBDIAL_ENGINE__MODEL__PROCESSES": "1"}
# What is read before Python's first line and never again.
_OF_A_START = {"LD_PRELOAD"}
_SWITCHES: set[str] = set()


class Life:
    """One process in a group of its own. Its log is read line by line as it comes."""

    def __init__(self, command: list[str], environment: Mapping[str, str]) -> None:
        self.log: list[dict[str, Any]] = []
        self._heard = threading.Condition()
        self._has_ended = False
        self._process = _start(command, {**os.environ, **environment})
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    @property
    def pid(self) -> int:
        return self._process.pid

    @property
    def has_ended(self) -> bool:
        return self._process.poll() is not None

    def events(self, name: str) -> list[dict[str, Any]]:
        with self._heard:
            return [event for event in self.log if event["event"] == name]

    def until(self, name: str, seconds: float = WAIT_SECONDS) -> dict[str, Any]:
        """Wait for an event in the log, and give it."""
        with self._heard:
            self._heard.wait_for(lambda: self._has_ended or self._has(name), seconds)
            assert self._has(name), f"no {name!r} within {seconds} s, but {self._tail()}"
            return next(event for event in self.log if event["event"] == name)

    def kill(self) -> None:
        """kill -9 for the whole group; returns when nothing is left of it."""
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.pid, signal.SIGKILL)
        self._end()

    def ask_to_stop(self) -> None:
        os.kill(self.pid, signal.SIGTERM)

    def exit_code(self, seconds: float = WAIT_SECONDS) -> int:
        """Wait for the end; negative for a signal."""
        code = self._process.wait(seconds)
        self._end()
        return code

    def exit_code_before(self, name: str) -> int | None:
        """Wait for the end; None when it says `name` before."""
        with self._heard:
            self._heard.wait_for(lambda: self._has_ended or self._has(name), WAIT_SECONDS)
            if self._has(name):
                return None
        return self.exit_code()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.kill()

    def _end(self) -> None:
        self._process.wait(WAIT_SECONDS)
        self._reader.join(WAIT_SECONDS)
        if self._process.stderr:
            self._process.stderr.close()

    def _read(self) -> None:
        stream = self._process.stderr
        if stream is None:
            raise AssertionError("a process without a log; this is a bug")
        for line in stream:
            with self._heard:
                self.log.append(_event(line))
                self._heard.notify_all()
        with self._heard:
            self._has_ended = True
            self._heard.notify_all()

    def _has(self, name: str) -> bool:
        return any(event["event"] == name for event in self.log)

    def _tail(self) -> list[str]:
        return [json.dumps(event)[:300] for event in self.log[-10:]]


def fork_programs() -> None:
    """Make later programs forks of one that is imported, where that is possible."""
    if hasattr(os, "pidfd_open"):
        _SWITCHES.add("fork")


def _start(command: list[str], environment: dict[str, str]) -> subprocess.Popen[bytes] | Fork:
    match command:
        case [sys.executable, "-m", module, *arguments] if _SWITCHES and not _OF_A_START & set(environment):
            return the_forker().start(module, arguments, environment)
    return subprocess.Popen(
        command,
        cwd=REPOSITORY,
        env=environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        start_new_session=True,
    )


@dataclass
class Home:
    """One of the two programs over a folder. `tampered` names what its build for tests lacks or does."""

    module: str
    started: str
    folder: Path
    settings: Mapping[str, Any]
    environment: Mapping[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.folder.mkdir(parents=True, exist_ok=True)
        self.config.write_text(_toml(self.settings), encoding="utf-8")

    @property
    def config(self) -> Path:
        return self.folder / f"{self.module}.toml"

    def run(self, *arguments: str, tampered: str = "", **environment: str) -> Life:
        """Any command of the program; returns at once."""
        command = self.command(*arguments, tampered=tampered)
        return Life(command, {**_MODEL_IN_ENGINE, **self.environment, **environment})

    def command(self, *arguments: str, tampered: str = "") -> list[str]:
        """The command line of the program, with its interpreter."""
        tampered = tampered or os.environ.get(TAMPERED, "")
        build = ["tests.support.sabotage", tampered, self.module] if tampered else [self.module]
        return [sys.executable, "-m", *build, "--config", str(self.config), *arguments]

    def start(self, tampered: str = "", **environment: str) -> Life:
        """`serve`; returns when it says that it runs."""
        life = self.run("serve", tampered=tampered, **environment)
        try:
            life.until(self.started)
        except BaseException:
            life.kill()
            raise
        return life


def a_free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as free:
        return int(free.getsockname()[1])


@contextlib.contextmanager
def waited_for(seconds: float = WAIT_SECONDS) -> Iterator[threading.Event]:
    """An event that must have been set when the block ends."""
    event = threading.Event()
    yield event
    assert event.wait(seconds), f"it did not happen within {seconds} s"


def _event(line: bytes) -> dict[str, Any]:
    """A line of the log; what is no JSON (a traceback, a complaint of the interpreter) as it is."""
    try:
        event = json.loads(line)
    except ValueError:
        return {"event": line.decode(errors="replace").rstrip()}
    return event if isinstance(event, dict) else {"event": str(event)}


def _toml(tables: Mapping[str, Any]) -> str:
    """Tables as TOML, whose strings, numbers and lists are those of JSON. A list repeats its table's head."""
    lines: list[str] = []
    for name, table in tables.items():
        for each in table if isinstance(table, list) else [table]:
            lines.append(f"[[{name}]]" if isinstance(table, list) else f"[{name}]")
            lines += [f"{key} = {_value(value)}" for key, value in each.items()]
    return "\n".join(lines) + "\n"


def _value(value: Any) -> str:
    if isinstance(value, Mapping):
        return "{ " + ", ".join(f"{key} = {_value(inner)}" for key, inner in value.items()) + " }"
    return json.dumps(value)
