"""32 clients at once against one: questions a second and their times, through HTTP, beside the bare model.

    python -m benchmarks.clients [--entries 10000] [--seconds 4] [--turns 5] [--clients 32]
        [--scoring cosine] [--processes 1 2] [--beside CHECKOUT]

An engine of its own process with the bundled model, over the `shop` sample and over so many generated
entries; one for each number of `--processes`, and with `--beside` one of another checkout. Each client keeps
its connection and asks again as soon as it has its answer; the questions are made of random syllables.

All take turns, so that what else the machine does meets each of them: every engine with one client and with
all of them, and the model alone in batches of 32 of the same questions, in one process and in as many as
there are cores. `processor` is what the engine and all processes that it started spent on each question.

The bundled model finds all texts of the same syllables alike: with `--scoring auto` every row passes and is
ranked, which no knowledge base of real questions asks for.
"""

from __future__ import annotations

import argparse
import random
import statistics
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

from benchmarks.askers import ask_all, search_request
from benchmarks.bare_model import BATCH, BareModel
from benchmarks.engines import Config, Engine, open_engines, print_load, sentence
from benchmarks.processes import processor_seconds
from engine.machine_share import count_cores


@dataclass(frozen=True)
class Turn:
    """The measurements of one turn."""

    seconds: float
    times: Sequence[float]
    processor_seconds: float

    @property
    def rate(self) -> float:
        return len(self.times) / self.seconds

    @property
    def median(self) -> float:
        return statistics.median(self.times) * 1000

    @property
    def p99(self) -> float:
        return statistics.quantiles(self.times, n=100)[98] * 1000

    @property
    def processor(self) -> float:
        return self.processor_seconds / len(self.times) * 1000


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--entries", type=int, default=10_000)
    parser.add_argument("--seconds", type=float, default=4)
    parser.add_argument("--turns", type=int, default=5)
    parser.add_argument("--clients", type=int, default=32)
    parser.add_argument("--scoring", choices=["cosine", "either", "auto"], default="cosine")
    parser.add_argument("--processes", type=int, nargs="+", default=[1, count_cores()])
    parser.add_argument("--beside", type=Path)
    options = parser.parse_args()
    questions = _questions()
    config = Config(options.entries, options.scoring)
    with ExitStack() as closing:
        engines = open_engines(closing, config, options.processes, options.beside)
        models = [closing.enter_context(BareModel(count)) for count in dict.fromkeys([1, count_cores()])]
        print_load("began")
        bare: dict[int, list[float]] = {}
        of_bases: dict[str, dict[tuple[str, int], list[Turn]]] = {"shop": {}, "many": {}}
        for base, turns in of_bases.items():
            for _ in range(options.turns):
                for model in models:
                    bare.setdefault(model.processes, []).append(model.rate(questions, options.seconds))
                for clients in (1, options.clients):
                    for engine in engines:
                        turn = _turn(engine, base, clients, options.seconds, questions)
                        turns.setdefault((engine.name, clients), []).append(turn)
        best = _print_bare(bare)
        print("| engine | over | clients | a second | of the model | median ms | p99 ms | processor ms |")
        print("| --- | --- | ---: | ---: | ---: | ---: | ---: | ---: |")
        for base, turns in of_bases.items():
            for (name, clients), of_one in sorted(turns.items()):
                _print(name, base, clients, of_one, best)
        print_load("ended")


def _print_bare(bare: Mapping[int, Sequence[float]]) -> float:
    """Say what the model does alone; returns the most, in texts a second."""
    rates = {count: statistics.median(of_one) for count, of_one in bare.items()}
    for count, rate in rates.items():
        batch_ms = BATCH * count / rate * 1000
        print(f"the model alone in {count} processes: {rate:.0f} a second, {batch_ms:.1f} ms for {BATCH}")
    return max(rates.values())


def _print(name: str, base: str, clients: int, turns: Sequence[Turn], bare: float) -> None:
    rate, middle, p99, processor = (
        statistics.median(values)
        for values in zip(
            *((turn.rate, turn.median, turn.p99, turn.processor) for turn in turns), strict=True
        )
    )
    print(
        f"| {name} | {base} | {clients} | {rate:.0f} | {rate / bare:.2f} |"
        f" {middle:.2f} | {p99:.2f} | {processor:.2f} |"
    )


def _questions() -> Iterator[str]:
    chosen = random.Random(1)
    while True:
        yield sentence(chosen)


def _turn(engine: Engine, base: str, clients: int, seconds: float, questions: Iterator[str]) -> Turn:
    def next_request() -> bytes:
        return search_request({"query": next(questions), "knowledge_base": base})

    before = processor_seconds(engine.process)
    times = ask_all(engine.port, clients, seconds, next_request)
    return Turn(seconds, times, processor_seconds(engine.process) - before)


if __name__ == "__main__":
    main()
