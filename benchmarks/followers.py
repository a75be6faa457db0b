"""Three followers behind nginx against one engine, and how soon they serve what was published.

    python -m benchmarks.followers [--entries 3000] [--seconds 4] [--turns 5] [--clients 24] [--refreshes 10]

Every engine has the bundled model in one process, but for one with as many as there are cores: that is what
the machine can do. Each client keeps its connection and asks again as soon as it has its answer. One engine,
the one with all cores, and nginx before three followers take turns.
"""

from __future__ import annotations

import argparse
import random
import statistics
import tempfile
import threading
import time
from contextlib import ExitStack
from pathlib import Path

from benchmarks.askers import ask_all, search_request
from benchmarks.engines import print_load, sentence, write_entries
from engine.machine_share import count_cores
from tests.faults.building import EngineHome, until
from tests.support.fleet import TOKEN, Fleet, a_fleet

POLL_SECONDS = 1.0
LOOK_SECONDS = 0.02


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--entries", type=int, default=3_000)
    parser.add_argument("--seconds", type=float, default=4)
    parser.add_argument("--turns", type=int, default=5)
    parser.add_argument("--clients", type=int, default=24)
    parser.add_argument("--refreshes", type=int, default=10)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as name, ExitStack() as closing:
        folder = Path(name)
        fleet = closing.enter_context(a_fleet(folder / "fleet", poll=POLL_SECONDS))
        write_entries(fleet.source, options.entries, seed=0)
        number = fleet.refresh()
        until(lambda: fleet.is_at(number), 120)
        whole = EngineHome(
            folder / "whole",
            {"name": "default", "source": str(fleet.source), "threshold": 0.3, "scoring": "cosine"},
            token=TOKEN,
            model={"processes": count_cores()},
        )
        life = closing.enter_context(whole.start())
        life.until("refreshed")
        ports = {
            "one engine, one process": fleet.homes[0].port,
            f"one engine, {count_cores()} processes": whole.port,
            "nginx, three followers of one process": int(fleet.balancer.rpartition(":")[2]),
        }
        print_load("began")
        rates: dict[str, list[list[float]]] = {each: [] for each in ports}
        for _ in range(options.turns):
            for each, port in ports.items():
                rates[each].append(_turn(port, options.clients, options.seconds))
        _print(rates, options.seconds)
        lags = [_lag(fleet, refresh) for refresh in range(options.refreshes)]
        print(
            f"published to served by all, poll {POLL_SECONDS:g} s: median {statistics.median(lags):.2f} s,"
            f" most {max(lags):.2f} s, of {len(lags)}"
        )
        print_load("ended")


def _print(rates: dict[str, list[list[float]]], seconds: float) -> None:
    print("| | a second | of the first | median ms | p99 ms |")
    print("| --- | ---: | ---: | ---: | ---: |")
    first = 0.0
    for name, turns in rates.items():
        rate = statistics.median(len(times) / seconds for times in turns)
        first = first or rate
        times = [each * 1000 for turn in turns for each in turn]
        p99 = statistics.quantiles(times, n=100)[98]
        print(f"| {name} | {rate:.0f} | {rate / first:.2f} | {statistics.median(times):.1f} | {p99:.1f} |")


def _lag(fleet: Fleet, refresh: int) -> float:
    """The seconds from the publisher's serving of one more entry until the last follower's."""
    with fleet.source.open("a", encoding="utf-8") as source:
        source.write(f"\nentry of refresh {refresh}")
    number = fleet.refresh()
    began = time.perf_counter()
    tick = threading.Event()
    while not fleet.is_at(number):
        tick.wait(LOOK_SECONDS)
    return time.perf_counter() - began


def _turn(port: int, clients: int, seconds: float) -> list[float]:
    """The time that each answer took, in seconds."""
    chosen = random.Random(port)
    return ask_all(port, clients, seconds, lambda: search_request({"query": sentence(chosen)}, TOKEN))


if __name__ == "__main__":
    main()
