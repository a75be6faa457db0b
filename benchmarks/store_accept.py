"""The cost of `Inbox.accept` beyond the floor: a raw insert with a synced commit, in the same run.

    python -m benchmarks.store_accept [--threads 8] [--seconds 3] [--folder PATH]

The floor is one sqlite3 connection behind one lock, a single-row INSERT and a COMMIT with
synchronous=FULL: what a write costs when nothing is shared and nothing is looked up.
"""

from __future__ import annotations

import argparse
import sqlite3
import statistics
import tempfile
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from bot.domain import Channel, Clock, IncomingMessage, MessageKey, Person, Surface
from bot.store import Database, Inbox, schema


@dataclass(frozen=True)
class Run:
    name: str
    each_second: float
    p50_ms: float
    p99_ms: float


def main() -> None:
    arguments = _arguments()
    with tempfile.TemporaryDirectory(dir=arguments.folder) as folder:
        runs: dict[str, list[Run]] = {"floor": [], "accept": []}
        for turn in range(arguments.turns):
            place = Path(folder) / str(turn)
            place.mkdir()
            runs["floor"].append(_floor(place / "floor.db", arguments.threads, arguments.seconds))
            runs["accept"].append(_accept(place / "bot.db", arguments.threads, arguments.seconds))
    print(f"{arguments.threads} threads, {arguments.turns} runs of {arguments.seconds} s each, medians")
    print(f"{'':10}{'each second':>12}{'p50 ms':>9}{'p99 ms':>9}{'p99/p50':>9}")
    for name, made in runs.items():
        each = statistics.median(run.each_second for run in made)
        p50 = statistics.median(run.p50_ms for run in made)
        p99 = statistics.median(run.p99_ms for run in made)
        print(f"{name:10}{each:12.0f}{p50:9.2f}{p99:9.2f}{p99 / p50:9.1f}")
    ratios = [
        accept.each_second / floor.each_second
        for floor, accept in zip(runs["floor"], runs["accept"], strict=True)
    ]
    print(f"accept / floor, paired median: {statistics.median(ratios):.2f}")


def _floor(path: Path, threads: int, seconds: float) -> Run:
    database = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
    database.execute("PRAGMA journal_mode = WAL")
    database.execute("PRAGMA synchronous = FULL")
    database.execute("CREATE TABLE message (id INTEGER PRIMARY KEY, channel TEXT, body TEXT)")
    lock = threading.Lock()

    def insert(name: str, room: int) -> None:
        with lock:
            database.execute("BEGIN IMMEDIATE")
            database.execute("INSERT INTO message (channel, body) VALUES (?, ?)", (f"C{room}", name * 20))
            database.execute("COMMIT")

    try:
        return _measured("floor", insert, threads, seconds)
    finally:
        database.close()


def _accept(path: Path, threads: int, seconds: float) -> Run:
    url = f"sqlite:///{path}"
    schema.migrate(url)
    database = Database(url)
    database.start()
    inbox = Inbox(database, Clock(), on_work=lambda: None)

    def accept(name: str, room: int) -> None:
        inbox.accept(
            IncomingMessage(
                Channel("slack", "T1", f"C{room}"),
                Person("slack", "T1", "U1", "Ann"),
                (MessageKey("event", name), MessageKey("ts", name)),
                Surface.MESSAGE,
                text="how do I send back a pair of shoes that do not fit?",
                address={"thread": "1700000000.000100"},
            )
        )

    try:
        return _measured("accept", accept, threads, seconds)
    finally:
        database.stop()


def _measured(name: str, act: Callable[[str, int], None], threads: int, seconds: float) -> Run:
    took: list[list[float]] = [[] for _ in range(threads)]
    start = threading.Barrier(threads + 1)

    def repeat(number: int) -> None:
        start.wait()
        until = time.perf_counter() + seconds
        while (began := time.perf_counter()) < until:
            act(f"{number}-{len(took[number])}", number)
            took[number].append(time.perf_counter() - began)

    workers = [threading.Thread(target=repeat, args=(number,)) for number in range(threads)]
    for worker in workers:
        worker.start()
    start.wait()
    began = time.perf_counter()
    for worker in workers:
        worker.join()
    elapsed = time.perf_counter() - began
    times = sorted(one for mine in took for one in mine)
    return Run(
        name, len(times) / elapsed, times[len(times) // 2] * 1000, times[int(len(times) * 0.99)] * 1000
    )


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--threads", type=int, default=8)
    parser.add_argument("--seconds", type=float, default=3.0)
    parser.add_argument("--turns", type=int, default=3)
    parser.add_argument("--folder", type=Path, default=None, help="where the files go: the disk to measure")
    return parser.parse_args()


if __name__ == "__main__":
    main()
