"""Acknowledgements while something is wrong: python -m benchmarks.faults [seconds] [rounds].

Each fault is measured against quiet in the same round, one right after the other, over a
fresh bot each: real processes, real HTTP, eight connections that send question after
question. The numbers to trust are the ratios.
"""

from __future__ import annotations

import statistics
import sys
import tempfile
import threading
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass
from pathlib import Path

import requests

from tests.faults.building import NOWHERE, BotHome, EngineHome, until
from tests.support.load_clients import OK, Crowd, percentile
from tests.support.slack import RecordingSlack, recording_slack, too_fast
from tests.support.slow_clients import SlowClients

QUESTION = "<@U0BOT> which fruit is rich in vitamin C?"
CONNECTIONS = 8
ENTRIES = 60_000


@dataclass(frozen=True)
class Measured:
    a_second: float
    p99_milliseconds: float
    refused: int


@dataclass
class Stage:
    """The surroundings that a fault may change: the engine beside the bot, and the Slack behind it."""

    folder: Path
    engine: EngineHome
    slack: RecordingSlack
    seconds: float
    number: int = 0

    def measure(
        self, fault: Callable[[BotHome], AbstractContextManager[object]], *, engine_url: str = ""
    ) -> Measured:
        self.number += 1
        home = BotHome(
            self.folder / f"bot{self.number}", self.slack, engine_url=engine_url or self.engine.url
        ).migrated()
        with home.start():
            with Crowd(home.port, connections=CONNECTIONS, most=100, text=lambda _: QUESTION) as warm:
                warm.join()
            with (
                fault(home),
                Crowd(
                    home.port, connections=CONNECTIONS, text=lambda _: QUESTION, rooms=50, first=1000
                ) as crowd,
            ):
                threading.Event().wait(self.seconds)
        taken = [sent.seconds for sent in crowd.history if sent.status == OK]
        return Measured(
            len(taken) / self.seconds, percentile(taken, 0.99) * 1000, len(crowd.history) - len(taken)
        )


def main(seconds: float = 8.0, rounds: int = 3) -> None:
    with recording_slack() as slack, tempfile.TemporaryDirectory() as folder:
        source = Path(folder) / "fruit.txt"
        base = {"name": "default", "source": str(source), "refresh": "manual", "threshold": 0.3}
        stage = Stage(Path(folder), EngineHome(Path(folder), base), slack, seconds)
        _write(source, 0)
        with stage.engine.start() as life:
            life.until("refreshed", 300)
            faults: dict[str, Callable[[], Measured]] = {
                "engine down": lambda: stage.measure(_nothing, engine_url=NOWHERE),
                "during a refresh": lambda: stage.measure(lambda _: _refreshing(stage, source)),
                "Slack at 429": lambda: stage.measure(lambda _: _told_to_wait(slack)),
                "one channel flooding": lambda: stage.measure(_flooded),
                "300 slow clients": lambda: stage.measure(
                    lambda home: SlowClients(home.port, 100, "head", "body", "silent")
                ),
                "900 slow clients": lambda: stage.measure(
                    lambda home: SlowClients(home.port, 300, "head", "body", "silent")
                ),
            }
            _table(faults, lambda: stage.measure(_nothing), rounds)


def _table(faults: dict[str, Callable[[], Measured]], quiet: Callable[[], Measured], rounds: int) -> None:
    print("| | a second | ratio | p99 | ratio | refused |\n| --- | --- | --- | --- | --- | --- |")
    for name, fault in faults.items():
        pairs = [(quiet(), fault()) for _ in range(rounds)]
        rate = statistics.median(bad.a_second for _, bad in pairs)
        p99 = statistics.median(bad.p99_milliseconds for _, bad in pairs)
        rates = statistics.median(bad.a_second / good.a_second for good, bad in pairs)
        p99s = statistics.median(bad.p99_milliseconds / good.p99_milliseconds for good, bad in pairs)
        refused = sum(bad.refused for _, bad in pairs)
        print(f"| {name} | {rate:.0f} | {rates:.2f} | {p99:.0f} ms | {p99s:.2f} | {refused} |", flush=True)
        good_rate = statistics.median(good.a_second for good, _ in pairs)
        good_p99 = statistics.median(good.p99_milliseconds for good, _ in pairs)
        print(f"| (quiet beside it) | {good_rate:.0f} | | {good_p99:.0f} ms | | |", flush=True)


def _nothing(_: BotHome) -> nullcontext[None]:
    return nullcontext()


@contextmanager
def _told_to_wait(slack: RecordingSlack) -> Iterator[None]:
    slack.will("chat.postMessage", *[too_fast("30")] * 100_000)
    try:
        yield
    finally:
        slack.relents("chat.postMessage")


@contextmanager
def _flooded(home: BotHome) -> Iterator[None]:
    """A second crowd of the same size, all in one room."""
    with Crowd(home.port, connections=4, text=lambda _: QUESTION, rooms=1, first=500_000):
        yield


@contextmanager
def _refreshing(stage: Stage, source: Path) -> Iterator[None]:
    _write(source, stage.number)
    url = f"{stage.engine.url}/v1/knowledge-bases/default"
    requests.post(f"{url}/refresh", timeout=10).raise_for_status()
    yield
    if not requests.get(url, timeout=10).json()["refreshing"]:
        print("(the refresh was over before the measurement)", flush=True)
    until(lambda: not requests.get(url, timeout=10).json()["refreshing"], 300)


def _write(source: Path, version: int) -> None:
    source.write_text("\n".join(f"fruit number {n} of version {version}" for n in range(ENTRIES)))


if __name__ == "__main__":
    main(*(float(sys.argv[1]), int(sys.argv[2])) if len(sys.argv) > 2 else ())
