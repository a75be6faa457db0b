"""Cold and warm start: from nothing to the first answer, and again over what is there.

    python -m benchmarks.start [--turns 3]

Cold: an empty folder; the database is made and both sample knowledge bases are embedded.
Warm: the same folder again. Both until the engine answers a search and the bot is ready.
"""

from __future__ import annotations

import argparse
import statistics
import tempfile
import time
from contextlib import ExitStack
from pathlib import Path

import requests

from benchmarks.processes import free_port, running, settings, until_ready
from tests.support.slack import recording_slack


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--turns", type=int, default=3)
    turns = parser.parse_args().turns
    cold, warm = [], []
    for _ in range(turns):
        with tempfile.TemporaryDirectory() as folder:
            cold.append(_start(Path(folder)))
            warm.append(_start(Path(folder)))
    print(f"{turns} turns, medians in seconds until bot and engine answer")
    print(f"cold  {statistics.median(cold):.2f}")
    print(f"warm  {statistics.median(warm):.2f}")


def _start(folder: Path) -> float:
    with ExitStack() as closing:
        slack = closing.enter_context(recording_slack())
        bot_port, engine_port = free_port(), free_port()
        environment = settings(folder, slack.origin, bot_port, engine_port)
        began = time.monotonic()
        closing.enter_context(running(environment, "-m", "engine", "serve"))
        with running(environment, "-m", "bot", "migrate") as migration:
            migration.wait()
        closing.enter_context(running(environment, "-m", "bot", "serve"))
        until_ready(f"http://127.0.0.1:{bot_port}/readyz")
        until_ready(f"http://127.0.0.1:{engine_port}/readyz")
        answer = requests.post(
            f"http://127.0.0.1:{engine_port}/v1/search",
            json={"query": "怎么退货", "knowledge_base": "shop"},
            timeout=5,
        )
        assert answer.json()["total"] > 0
        return time.monotonic() - began


if __name__ == "__main__":
    main()
