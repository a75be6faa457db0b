"""The terminal's story whole: the real commands, bot and engine as processes, a person at a terminal."""

from __future__ import annotations

import json
import os
import select
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.support.pseudo_terminal import CTRL_C, CTRL_D, PseudoTerminal, a_terminal

ROOT = Path(__file__).parent.parent.parent
BOT = (sys.executable, "-m", "bot")
ORANGE, WATERMELON = "哪种水果维C含量高？", "夏天吃什么水果能补水？"


def a_free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        port: int = listener.getsockname()[1]
        return port


@pytest.fixture
def place(tmp_path: Path) -> dict[str, str]:
    """The environment of a fresh installation: its own folder, its own addresses."""
    engine = f"127.0.0.1:{a_free_port()}"
    return {
        **{name: value for name, value in os.environ.items() if not name.startswith(("KBDIAL_", "MAKE"))},
        "PYTHONPATH": str(ROOT),
        "KBDIAL_BOT__DATA_DIR": str(tmp_path / "data"),
        "KBDIAL_BOT__DATABASE_URL": f"sqlite:///{tmp_path / 'data/bot.db'}",
        "KBDIAL_BOT__LISTEN": f"127.0.0.1:{a_free_port()}",
        "KBDIAL_BOT__ENGINE_URL": f"http://{engine}",
        "KBDIAL_ENGINE__DATA_DIR": str(tmp_path / "data/engine"),
    }


def chat(place: dict[str, str], *lines: str, options: tuple[str, ...] = ()) -> str:
    """The output of `chat` for lines from a pipe."""
    done = subprocess.run(
        [*BOT, "chat", *options],
        input="\n".join(lines) + "\n",
        env=place,
        cwd=Path(place["KBDIAL_BOT__DATA_DIR"]).parent,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, "")
    return done.stdout


@contextmanager
def everything_running(place: dict[str, str]) -> Iterator[PseudoTerminal]:
    folder = Path(place["KBDIAL_BOT__DATA_DIR"]).parent
    with a_terminal([*BOT, "run"], cwd=folder, environment=place) as terminal:
        terminal.until("Ctrl-C stops everything.", 120)
        yield terminal


def engine_is_gone(place: dict[str, str]) -> bool:
    host, port = place["KBDIAL_BOT__ENGINE_URL"].removeprefix("http://").split(":")
    with socket.socket() as caller:
        return caller.connect_ex((host, int(port))) != 0


def test_a_pipe_is_answered_line_by_line_from_nothing_and_settings_last(place: dict[str, str]) -> None:
    told = chat(place, ORANGE, "", "/threshold 0.5", WATERMELON)
    orange, changed, watermelon = told.strip().split("\n\n")
    assert orange.startswith("1. 橙子")
    assert "0.50" in changed
    assert watermelon.startswith("1. 西瓜")
    assert "\x1b" not in told
    assert engine_is_gone(place)
    assert "threshold 0.50 (set in this channel)" in chat(place, WATERMELON)
    assert "threshold 0.40" in chat(place, WATERMELON, options=("--channel", "another"))


def test_run_starts_everything_for_a_stranger_and_ctrl_c_stops_it(place: dict[str, str]) -> None:
    with everything_running(place) as terminal:
        assert "model bundled on cpu" in terminal.seen
        assert "default (8 entries)" in terminal.seen
        answer = json.loads(chat(place, ORANGE, options=("--json",)))
        assert answer["matches"][0]["text"].startswith("橙子")
        assert f"{answer['matches'][0]['score']:.4f}" in answer["text"]
        second = subprocess.run(
            [*BOT, "run"], env=place, capture_output=True, text=True, timeout=60, check=False
        )
        assert second.returncode == 1
        assert f"process {terminal.process.pid}" in second.stderr
        assert "Traceback" not in second.stderr
        terminal.type(CTRL_C)
        assert terminal.ends_with() == 0
    assert engine_is_gone(place)


def test_a_person_talks_to_the_running_bot_and_leaves(place: dict[str, str]) -> None:
    folder = Path(place["KBDIAL_BOT__DATA_DIR"]).parent
    with everything_running(place), a_terminal([*BOT, "chat"], cwd=folder, environment=place) as person:
        person.until("›")
        person.type(ORANGE + "\r")
        person.until("橙子是维C含量很高的水果")
        person.until("threshold 0.40")
        person.until("›")
        person.type(CTRL_D)
        assert person.ends_with() == 0


def test_a_person_without_a_running_bot_is_answered_once_the_engine_has_loaded(place: dict[str, str]) -> None:
    folder = Path(place["KBDIAL_BOT__DATA_DIR"]).parent
    with a_terminal([*BOT, "chat"], cwd=folder, environment=place) as person:
        person.until("›")
        person.type(WATERMELON + "\r")
        person.until("西瓜")
        person.until("›")
        person.type("/quit\r")
        assert person.ends_with() == 0
    assert engine_is_gone(place)


def engine_of(terminal: PseudoTerminal) -> int:
    """The process of the engine that `run` started."""
    process = terminal.process.pid
    return int(Path(f"/proc/{process}/task/{process}/children").read_text().split()[0])


@pytest.mark.skipif(sys.platform != "linux", reason="finding the engine's process needs Linux")
def test_when_the_engine_dies_run_says_so_and_fails(place: dict[str, str]) -> None:
    with everything_running(place) as terminal:
        os.kill(engine_of(terminal), signal.SIGKILL)
        terminal.until("The engine stopped")
        assert terminal.ends_with() == 1


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux ties a process to its parent")
def test_an_engine_of_ours_does_not_outlive_us(place: dict[str, str]) -> None:
    with everything_running(place) as terminal:
        engine = os.pidfd_open(engine_of(terminal))
        terminal.process.kill()
        is_over, _, _ = select.select([engine], [], [], 30)
        os.close(engine)
    assert is_over
