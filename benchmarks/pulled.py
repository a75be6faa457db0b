"""The time until the bot says 503 once its database is gone, and its acknowledgements until then.

    python -m benchmarks.pulled

One real bot for each way to lose the files, and one on a disk that is filled. Two lines ask it without
a pause from the moment on: one sends events, the other asks whether it is ready.
"""

from __future__ import annotations

import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import pytest
import requests

from tests.faults.building import BotHome
from tests.faults.test_files_pulled_away import PULLS
from tests.support.load_clients import OK, Line
from tests.support.slack import RecordingSlack, recording_slack
from tests.support.small_disk import a_small_disk, fill

# Far above what is promised (10 s).
LONGEST_SECONDS = 30.0
BEFORE = 20


@dataclass(frozen=True)
class Red:
    """Seconds until an event is refused and until not ready; how many were acknowledged meanwhile."""

    refused: float | None
    not_ready: float | None
    acknowledged: int


def main() -> None:
    with tempfile.TemporaryDirectory() as folder, recording_slack() as slack:
        print(f"{'what is done':28}{'refused after':>14}{'not ready after':>17}{'acknowledged':>14}")
        for number, (name, pull) in enumerate(PULLS.items()):
            home = BotHome(Path(folder) / f"bot{number}", slack)
            _show(name, _measure(home, partial(pull, home.database)))
        with _full_disk(Path(folder), slack) as (home, fill_up):
            _show("the disk is full", _measure(home, fill_up))


@contextmanager
def _full_disk(folder: Path, slack: RecordingSlack) -> Iterator[tuple[BotHome, Callable[[], None]]]:
    try:
        with a_small_disk(folder / "small") as disk:
            yield BotHome(folder / "full", slack, data=disk / "data"), lambda: fill(disk / "filler")
    except pytest.skip.Exception as reason:
        print(f"the disk is full: not measured, {reason}")


def _measure(home: BotHome, pull: Callable[[], None]) -> Red:
    with home.migrated().start():
        line = Line(home.port)
        for number in range(BEFORE):
            line.insist(number)
        home.verdict(range(BEFORE))
        is_over = threading.Event()
        ready: list[float | None] = [None]
        pull()
        began = time.monotonic()
        asking = threading.Thread(target=_ask, args=(home, began, ready, is_over))
        asking.start()
        refused, acknowledged, number = None, 0, BEFORE
        while refused is None and time.monotonic() - began < LONGEST_SECONDS:
            number += 1
            sent = line.send(number)
            if sent.status == OK:
                acknowledged += 1
            else:
                refused = time.monotonic() - began
        asking.join(LONGEST_SECONDS)
        is_over.set()
        asking.join()
    return Red(refused, ready[0], acknowledged)


def _ask(home: BotHome, began: float, ready: list[float | None], is_over: threading.Event) -> None:
    while not is_over.is_set():
        if requests.get(f"{home.url}/readyz", timeout=5).status_code != OK:
            ready[0] = time.monotonic() - began
            return


def _show(name: str, red: Red) -> None:
    times = "".join(
        f"{'never':>{width}}" if seconds is None else f"{seconds:{width - 2}.3f} s"
        for seconds, width in ((red.refused, 14), (red.not_ready, 17))
    )
    print(f"{name:28}{times}{red.acknowledged:14}", flush=True)


if __name__ == "__main__":
    main()
