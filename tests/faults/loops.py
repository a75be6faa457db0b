"""The long loops of the fault catalogue, each with a size: short in `make test`, whole in `make soak`."""

from __future__ import annotations

import random
import shutil
import tempfile
import threading
import time
from dataclasses import dataclass
from pathlib import Path

from tests.faults.building import BotHome
from tests.support.durable_image import Disk
from tests.support.history import Verdict, states_in
from tests.support.load_clients import Crowd


@dataclass(frozen=True)
class Ended:
    """`first_seconds` is, for each start after a crash, how long until something was acknowledged.

    `drained_seconds` is how long after the last start everything had its end. `gone` is what
    had been acknowledged and was not on the disk after a power cut.
    """

    verdict: Verdict
    gone: tuple[int, ...]
    first_seconds: tuple[float, ...]
    drained_seconds: float


def killed_again_and_again(home: BotHome, *, kills: int, seed: int, disk: Disk | None = None) -> Ended:
    """Events at a steady load, and the bot killed at a random moment 50 to 1500 ms after it was ready.

    With a disk every kill is a power cut: only what was synced is there for the next life.
    """
    chance = random.Random(seed)
    first_seconds = []
    gone: set[int] = set()
    with Crowd(home.port, connections=4, pause_seconds=0.04) as crowd:
        for _ in range(kills):
            began = time.monotonic()
            with home.start() as life:
                _let_run(chance.uniform(0.05, 1.5))
                life.kill()
            if disk is not None:
                acknowledged = set(crowd.acknowledged)
                disk.cut()
                gone |= acknowledged - _states_on(disk).keys()
            first = crowd.first_answer_after(began)
            if first is not None:
                first_seconds.append(first)
    began = time.monotonic()
    with home.start():
        verdict = home.verdict(crowd.acknowledged, seconds=5 if gone else 120)
        drained = time.monotonic() - began
    return Ended(verdict, tuple(sorted(gone)), tuple(first_seconds), drained)


def _states_on(disk: Disk) -> dict[int, str]:
    """Read from a copy: looking into the database itself would change it behind the image's back."""
    with tempfile.TemporaryDirectory() as folder:
        copy = shutil.copytree(disk.folder, Path(folder) / "copy")
        return states_in(copy / "bot.db")


def _let_run(seconds: float) -> None:
    """The moment of a kill is a point in time and nothing else."""
    threading.Event().wait(seconds)
