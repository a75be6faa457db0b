"""A full refresh with the bundled model, against the model's own rate, and questions meanwhile.

    python -m benchmarks.full_refresh [--entries 60000] [--turns 2] [--processes 1 2] [--beside CHECKOUT]

Each turn gives every engine so many entries that it has never seen, and asks nothing; then as many others,
while one client asks `shop` without a pause. The model alone takes its turn, in batches of 64, in one
process and in as many as there are cores: where others use the cores, the second is what could be had.
All engines run the whole time, and do nothing while it is another's turn.
"""

from __future__ import annotations

import argparse
import statistics
import threading
import time
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import requests

from benchmarks.bare_model import BareModel
from benchmarks.engines import Config, Engine, open_engines, print_load, write_entries
from engine.machine_share import count_cores

PIECE = 64
QUIET_QUESTIONS = 300
LONGEST_SECONDS = 60 * 60.0


@dataclass
class Seen:
    """The measurements of one engine's turns: texts a second, and seconds of each question."""

    rates: list[float] = field(default_factory=list)
    rates_asked: list[float] = field(default_factory=list)
    quiet: list[float] = field(default_factory=list)
    meanwhile: list[float] = field(default_factory=list)
    failed: int = 0


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--entries", type=int, default=60_000)
    parser.add_argument("--turns", type=int, default=2)
    parser.add_argument("--processes", type=int, nargs="+", default=[1, count_cores()])
    parser.add_argument("--beside", type=Path)
    options = parser.parse_args()
    config = Config(100)
    bare: dict[int, list[float]] = {}
    with ExitStack() as closing:
        engines = open_engines(closing, config, options.processes, options.beside)
        models = [closing.enter_context(BareModel(count)) for count in dict.fromkeys([1, count_cores()])]
        print_load("began")
        seen = {engine.name: Seen() for engine in engines}
        for turn in range(options.turns):
            for model in models:
                rate = _rate_of_bare(model, options.entries, engines[0].folder)
                bare.setdefault(model.processes, []).append(rate)
            for engine in engines:
                _take_turn(engine, seen[engine.name], options.entries, seed=2 * turn + 1)
        rates = {count: statistics.median(of_one) for count, of_one in bare.items()}
        for count, rate in rates.items():
            print(f"the model alone in {count} processes: {rate:.0f} texts a second")
        print(
            "| engine | a second | of one x cores | of all | while asked | quiet p95 | meanwhile | failed |"
        )
        print("| --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: |")
        for name, of_one in seen.items():
            _print(name, of_one, rates[1] * count_cores(), max(rates.values()))
        print_load("ended")


def _rate_of_bare(model: BareModel, entries: int, folder: Path) -> float:
    """The bare model's texts a second on the same kind of texts, ordered by length as in the engine."""
    path = folder / "sample.txt"
    write_entries(path, entries, seed=0)
    texts = sorted(path.read_text(encoding="utf-8").splitlines(), key=len, reverse=True)
    return model.rate(iter(texts[:: max(1, len(texts) // 2048)]), 5, batch=PIECE)


def _take_turn(engine: Engine, seen: Seen, entries: int, seed: int) -> None:
    seen.rates.append(entries / _refresh_with(engine, entries, seed))
    with requests.Session() as session:
        for _ in range(QUIET_QUESTIONS):
            _ask(session, engine, seen, seen.quiet)
    is_over = threading.Event()

    def ask_on() -> None:
        with requests.Session() as session:
            while not is_over.is_set():
                _ask(session, engine, seen, seen.meanwhile)

    asker = threading.Thread(target=ask_on)
    asker.start()
    try:
        seen.rates_asked.append(entries / _refresh_with(engine, entries, seed + 1))
    finally:
        is_over.set()
        asker.join()


def _ask(session: requests.Session, engine: Engine, seen: Seen, times: list[float]) -> None:
    began = time.perf_counter()
    asked: dict[str, Any] = {"query": "how long does shipping take", "knowledge_base": "shop"}
    answer = session.post(f"http://127.0.0.1:{engine.port}/v1/search", json=asked, timeout=60)
    times.append(time.perf_counter() - began)
    seen.failed += answer.status_code != requests.codes.ok


def _refresh_with(engine: Engine, entries: int, seed: int) -> float:
    """Seconds from asking for it until it is served."""
    write_entries(engine.folder / "many.txt", entries, seed)
    url = f"http://127.0.0.1:{engine.port}/v1/knowledge-bases/many"
    began = time.perf_counter()
    refresh = requests.post(f"{url}/refresh", timeout=60).json()["refresh"]
    while time.perf_counter() - began < LONGEST_SECONDS:
        time.sleep(0.1)  # it tells nobody when it is done; a tenth is little of a minute
        shown = next(
            each for each in requests.get(url, timeout=60).json()["refreshes"] if each["id"] == refresh
        )
        if shown["state"] in {"done", "failed", "partial"}:
            assert (shown["state"], shown["embedded"]) == ("done", entries), shown
            return time.perf_counter() - began
    raise TimeoutError(url)


def _p95(times: Sequence[float]) -> float:
    return statistics.quantiles(times, n=20)[18] * 1000


def _print(name: str, seen: Seen, of_cores: float, of_all: float) -> None:
    rate, asked = statistics.median(seen.rates), statistics.median(seen.rates_asked)
    quiet, meanwhile = _p95(seen.quiet), _p95(seen.meanwhile)
    print(
        f"| {name} | {rate:.0f} | {rate / of_cores:.2f} | {rate / of_all:.2f} | {asked:.0f} | {quiet:.1f} |"
        f" {meanwhile:.1f} ({meanwhile / quiet:.1f} x of {len(seen.meanwhile)}) | {seen.failed} |"
    )


if __name__ == "__main__":
    main()
