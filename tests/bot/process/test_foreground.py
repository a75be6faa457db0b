"""How Ctrl-C, signals and the death of `make` end what it started: real processes, a real `make`."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.pseudo_terminal import CTRL_C, CTRL_Z, a_terminal

ROOT = Path(__file__).resolve().parents[3]

WAITS = """
from bot.process.foreground import stop_signal, own_foreground
with own_foreground(), stop_signal(last_resort=lambda: print("at once", flush=True)) as asked:
    print("ready", flush=True)
    asked.wait()
    print("tidying up", flush=True)
    STUCK
print("stopped", flush=True)
"""


def a_program(folder: Path, *, is_stuck: bool = False) -> list[str]:
    """A command whose Makefile runs something that waits as `run` does, and the shell's word on its end."""
    wait = "import threading; threading.Event().wait()" if is_stuck else "pass"
    (folder / "waits.py").write_text(WAITS.replace("STUCK", wait))
    (folder / "Makefile").write_text(f"run:\n\t@exec {sys.executable} waits.py\n")
    return ["sh", "-c", "make run; echo make ended with $?"]


@pytest.fixture
def environment() -> dict[str, str]:
    return {"PYTHONPATH": str(ROOT), "MAKEFLAGS": "", "MAKELEVEL": "0"}


def test_ctrl_c_stops_what_make_runs_and_make_ends_well(tmp_path: Path, environment: dict[str, str]) -> None:
    with a_terminal(a_program(tmp_path), cwd=tmp_path, environment=environment) as terminal:
        terminal.until("ready")
        terminal.type(CTRL_C)
        terminal.until("make ended with 0")
    assert "stopped" in terminal.seen


def test_the_terminal_is_given_back(tmp_path: Path, environment: dict[str, str]) -> None:
    _, flag, script = a_program(tmp_path)[0:3]
    command = ["sh", flag, f"{script}; read line; echo heard $line"]
    with a_terminal(command, cwd=tmp_path, environment=environment) as terminal:
        terminal.until("ready")
        terminal.type(CTRL_C)
        terminal.until("make ended with 0")
        terminal.type("you again\n")
        terminal.until("heard you again")


def test_ctrl_z_does_not_freeze_it_where_no_shell_could_wake_it(
    tmp_path: Path, environment: dict[str, str]
) -> None:
    with a_terminal(a_program(tmp_path), cwd=tmp_path, environment=environment) as terminal:
        terminal.until("ready")
        terminal.type(CTRL_Z)
        terminal.type(CTRL_C)
        terminal.until("make ended with 0")


def test_a_second_ctrl_c_ends_it_at_once(tmp_path: Path, environment: dict[str, str]) -> None:
    with a_terminal(a_program(tmp_path, is_stuck=True), cwd=tmp_path, environment=environment) as terminal:
        terminal.until("ready")
        terminal.type(CTRL_C)
        terminal.until("tidying up")
        terminal.type(CTRL_C)
        terminal.until("make ended with 2")
    assert "at once" in terminal.seen


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP, signal.SIGINT])
def test_a_signal_stops_it_where_there_is_no_terminal(
    tmp_path: Path, environment: dict[str, str], number: int
) -> None:
    a_program(tmp_path)
    with subprocess.Popen(
        [sys.executable, "waits.py"],
        cwd=tmp_path,
        env={**os.environ, **environment},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == b"ready\n"
        process.send_signal(number)
        assert process.stdout.read() == b"tidying up\nstopped\n"
    assert process.returncode == 0


def test_when_make_is_killed_what_it_ran_stops(tmp_path: Path, environment: dict[str, str]) -> None:
    a_program(tmp_path)
    with subprocess.Popen(
        ["make", "run"],
        cwd=tmp_path,
        env={**os.environ, **environment},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
    ) as make:
        assert make.stdout is not None
        assert make.stdout.readline() == b"ready\n"
        make.kill()
        assert make.stdout.read() == b"tidying up\nstopped\n"
