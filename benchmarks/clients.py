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
import json
import os
import random
import selectors
import socket
import statistics
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from benchmarks.bare_model import BATCH, BareModel
from benchmarks.processes import free_port, processor_seconds, running, until_ready
from engine.machine_share import count_cores

SYLLABLES = (
    "ba",
    "cor",
    "din",
    "el",
    "fas",
    "gor",
    "hi",
    "jun",
    "kla",
    "lem",
    "mi",
    "nor",
    "pel",
    "qua",
    "rin",
    "so",
)
SAMPLE = Path("engine/samples/shop.jsonl").resolve()


@dataclass
class Turn:
    """What one turn saw."""

    seconds: float
    times: list[float] = field(default_factory=list)
    processor_seconds: float = 0.0

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


@dataclass(frozen=True)
class Engine:
    """One that runs."""

    name: str
    port: int
    process: int
    folder: Path


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
        engines = [
            closing.enter_context(an_engine(f"{count} processes", Path.cwd(), config, processes=count))
            for count in dict.fromkeys(options.processes)
        ]
        if options.beside:
            engines.append(closing.enter_context(an_engine("beside", options.beside.resolve(), config)))
        models = [closing.enter_context(BareModel(count)) for count in dict.fromkeys([1, count_cores()])]
        print("load when it began: " + ", ".join(f"{load:.1f}" for load in os.getloadavg()))
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
        print("load when it ended: " + ", ".join(f"{load:.1f}" for load in os.getloadavg()))


def _print_bare(bare: Mapping[int, Sequence[float]]) -> float:
    """Say what the model does alone; returns the most, in texts a second."""
    rates = {count: statistics.median(of_one) for count, of_one in bare.items()}
    for count, rate in rates.items():
        batch_ms = BATCH * count / rate * 1000
        print(f"the model alone in {count} processes: {rate:.0f} a second, {batch_ms:.1f} ms for {BATCH}")
    return max(rates.values())


@dataclass(frozen=True)
class Config:
    """What an engine is to serve."""

    entries: int
    scoring: str = "cosine"


@contextmanager
def an_engine(name: str, checkout: Path, config: Config, *, processes: int = 0) -> Iterator[Engine]:
    """One that is ready, with `shop` and `many`; with 0 `processes` as it comes, which any checkout can."""
    with tempfile.TemporaryDirectory() as folder:
        port = free_port()
        path = _write_config(Path(folder), config, port)
        if processes:
            with path.open("a", encoding="utf-8") as file:
                file.write(f"[engine.model]\nprocesses = {processes}\n")
        command = ("-m", "engine", "--config", str(path), "serve")
        with running(dict(os.environ), *command, checkout=checkout) as process:
            until_ready(f"http://127.0.0.1:{port}/readyz")
            yield Engine(name, port, process.pid, Path(folder))


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


def write_entries(path: Path, entries: int, seed: int) -> None:
    """So many lines; another seed makes others."""
    chosen = random.Random(seed)
    path.write_text("\n".join(_sentence(chosen) for _ in range(entries)), encoding="utf-8")


def _write_config(folder: Path, config: Config, port: int) -> Path:
    write_entries(folder / "many.txt", config.entries, seed=0)
    bases = {"shop": SAMPLE, "many": folder / "many.txt"}
    tables = "\n".join(
        f'[[engine.knowledge_base]]\nname = "{name}"\nsource = "{source}"\nrefresh = "every 1h"\nfloor = 0\n'
        f'scoring = "{config.scoring}"\n'
        for name, source in bases.items()
    )
    path = folder / "config.toml"
    path.write_text(
        f'[engine]\nlisten = "127.0.0.1:{port}"\ndata_dir = "{folder}/engine"\n{tables}\n', encoding="utf-8"
    )
    return path


def _questions() -> Iterator[str]:
    chosen = random.Random(1)
    while True:
        yield _sentence(chosen)


def _sentence(chosen: random.Random) -> str:
    words = ("".join(chosen.choices(SYLLABLES, k=chosen.randint(1, 3))) for _ in range(chosen.randint(4, 9)))
    return " ".join(words)


def _turn(engine: Engine, base: str, clients: int, seconds: float, questions: Iterator[str]) -> Turn:
    with selectors.DefaultSelector() as ready:
        turn = Turn(seconds)
        connections = [socket.create_connection(("127.0.0.1", engine.port)) for _ in range(clients)]
        for connection in connections:
            ready.register(connection, selectors.EVENT_READ, _ask(connection, base, questions))
        before = processor_seconds(engine.process)
        until = time.perf_counter() + seconds
        while time.perf_counter() < until:
            for key, _ in ready.select(timeout=1):
                connection: socket.socket = key.fileobj  # type: ignore[assignment]  # only sockets are registered
                _take_answer(connection)
                turn.times.append(time.perf_counter() - key.data)
                ready.modify(connection, selectors.EVENT_READ, _ask(connection, base, questions))
        turn.processor_seconds = processor_seconds(engine.process) - before
        for connection in connections:
            connection.close()
    return turn


def _ask(connection: socket.socket, base: str, questions: Iterator[str]) -> float:
    body = json.dumps({"query": next(questions), "knowledge_base": base}).encode()
    head = ("POST /v1/search HTTP/1.1", "Host: engine", "Content-Type: application/json")
    began = time.perf_counter()
    connection.sendall("\r\n".join((*head, f"Content-Length: {len(body)}", "", "")).encode() + body)
    return began


def _take_answer(connection: socket.socket) -> None:
    """Read one whole answer; the plain socket keeps what the clients cost small."""
    answer = connection.recv(65536)
    assert answer.startswith(b"HTTP/1.1 200 "), answer
    while b"\r\n\r\n" not in answer:
        answer += connection.recv(65536)
    head, _, body = answer.partition(b"\r\n\r\n")
    length = int(head.lower().partition(b"content-length:")[2].partition(b"\r\n")[0])
    while len(body) < length:
        body += connection.recv(65536)


if __name__ == "__main__":
    main()
