"""An engine whose model has processes of its own: they are killed while people ask, and end with it."""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Callable
from pathlib import Path

import requests

from tests.faults.building import EngineHome, until

_TWO_PROCESSES = {"KBDIAL_ENGINE__MODEL__PROCESSES": "2"}


def a_home(folder: Path) -> EngineHome:
    source = folder / "fruit.txt"
    source.write_text("a banana is yellow\na cherry is red\n", encoding="utf-8")
    base = {"name": "default", "source": str(source), "refresh": "every 15m", "threshold": 0.3}
    return EngineHome(folder, base, environment=_TWO_PROCESSES)


def model_processes_of(engine: int) -> list[int]:
    """The template and its copies, of which some have lost their parent, and are in the same group still."""
    template: list[int] = []
    copies: list[int] = []
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            state, parent, group = stat.read_text(encoding="utf-8").rpartition(")")[2].split()[:3]
        except (FileNotFoundError, ProcessLookupError):
            continue  # it ended between the two looks
        if int(group) == engine != int(stat.parent.name) and state != "Z":
            (template if int(parent) == engine else copies).append(int(stat.parent.name))
    assert (len(template), len(copies)) == (1, 2)
    return [*template, *copies]


def have_ended(processes: list[int]) -> Callable[[], bool]:
    return lambda: not any(Path(f"/proc/{process}/stat").exists() for process in processes)


def test_whoever_asks_notices_no_process_that_is_killed_and_all_end_with_the_engine(tmp_path: Path) -> None:
    home = a_home(tmp_path)
    statuses: list[int] = []
    is_over = threading.Event()

    def ask() -> None:
        with requests.Session() as session:
            while not is_over.is_set():
                answer = session.post(f"{home.url}/v1/search", json={"query": "a yellow banana"}, timeout=60)
                statuses.append(answer.status_code)

    with home.start() as engine:
        until(lambda: requests.get(f"{home.url}/readyz", timeout=60).status_code == 200, 60)
        askers = [threading.Thread(target=ask) for _ in range(3)]
        for asker in askers:
            asker.start()
        before = model_processes_of(engine.pid)
        os.kill(before[1], signal.SIGKILL)
        until(lambda: len(engine.events("model process ended")) == 1)
        os.kill(before[0], signal.SIGKILL)
        os.kill(before[2], signal.SIGKILL)
        until(lambda: len(engine.events("model process ended")) == 3)  # the copy, and what it is a copy of
        answered = len(statuses)
        until(lambda: len(statuses) > answered + 20)
        is_over.set()
        for asker in askers:
            asker.join(60)
        assert set(statuses) == {200}

        left = model_processes_of(engine.pid)
        os.kill(engine.pid, signal.SIGKILL)
        until(have_ended(left))
