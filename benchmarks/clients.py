"""32 clients at once against one: questions a second and their times, through HTTP.

    python -m benchmarks.clients [--entries 10000] [--seconds 4] [--turns 5] [--clients 32]
        [--scoring cosine] [--beside CHECKOUT]

An engine of its own process with the bundled model, over the `shop` sample and over so
many generated entries. Each client keeps its connection and asks again as soon as it has
its answer; the questions are made of random syllables. One client and all of them take turns, so that
what else the machine does meets both; with `--beside` the engine of another checkout takes turns with
this one. `processor` is what the engine's process spent on each question.

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
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from benchmarks.processes import free_port, running, until_ready

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

    def processor_seconds(self) -> float:
        times = Path(f"/proc/{self.process}/stat").read_text(encoding="ascii").rpartition(")")[2].split()
        return (int(times[11]) + int(times[12])) / os.sysconf("SC_CLK_TCK")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--entries", type=int, default=10_000)
    parser.add_argument("--seconds", type=float, default=4)
    parser.add_argument("--turns", type=int, default=5)
    parser.add_argument("--clients", type=int, default=32)
    parser.add_argument("--scoring", choices=["cosine", "either", "auto"], default="cosine")
    parser.add_argument("--beside", type=Path)
    options = parser.parse_args()
    questions = _questions()
    checkouts = {"this": Path.cwd()} | ({"beside": options.beside.resolve()} if options.beside else {})
    with ExitStack() as closing:
        engines = [
            closing.enter_context(_engine(name, checkout, options.entries, options.scoring))
            for name, checkout in checkouts.items()
        ]
        print("load when it began: " + ", ".join(f"{load:.1f}" for load in os.getloadavg()))
        print("| engine | over | clients | a second | median ms | p99 ms | processor ms |")
        print("| --- | --- | ---: | ---: | ---: | ---: | ---: |")
        for base in ("shop", "many"):
            turns: dict[tuple[str, int], list[Turn]] = {}
            for _ in range(options.turns):
                for clients in (1, options.clients):
                    for engine in engines:
                        turn = _turn(engine, base, clients, options.seconds, questions)
                        turns.setdefault((engine.name, clients), []).append(turn)
            for (name, clients), of_one in sorted(turns.items()):
                _print(name, base, clients, of_one)
        print("load when it ended: " + ", ".join(f"{load:.1f}" for load in os.getloadavg()))


@contextmanager
def _engine(name: str, checkout: Path, entries: int, scoring: str) -> Iterator[Engine]:
    with tempfile.TemporaryDirectory() as folder:
        port = free_port()
        config = _config(Path(folder), entries, scoring, port)
        command = ("-m", "engine", "--config", str(config), "serve")
        with running(dict(os.environ), *command, checkout=checkout) as process:
            until_ready(f"http://127.0.0.1:{port}/readyz")
            yield Engine(name, port, process.pid)


def _print(name: str, base: str, clients: int, turns: Sequence[Turn]) -> None:
    rate, middle, p99, processor = (
        statistics.median(values)
        for values in zip(
            *((turn.rate, turn.median, turn.p99, turn.processor) for turn in turns), strict=True
        )
    )
    print(f"| {name} | {base} | {clients} | {rate:.0f} | {middle:.2f} | {p99:.2f} | {processor:.2f} |")


def _config(folder: Path, entries: int, scoring: str, port: int) -> Path:
    chosen = random.Random(0)
    lines = (_sentence(chosen) for _ in range(entries))
    (folder / "many.txt").write_text("\n".join(lines), encoding="utf-8")
    bases = {"shop": SAMPLE, "many": folder / "many.txt"}
    tables = "\n".join(
        f'[[engine.knowledge_base]]\nname = "{name}"\nsource = "{source}"\nrefresh = "every 1h"\n'
        f'scoring = "{scoring}"\n'
        for name, source in bases.items()
    )
    path = folder / "config.toml"
    path.write_text(
        f'[engine]\nlisten = "127.0.0.1:{port}"\ndata_dir = "{folder}/engine"\n{tables}', encoding="utf-8"
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
        before = engine.processor_seconds()
        until = time.perf_counter() + seconds
        while time.perf_counter() < until:
            for key, _ in ready.select(timeout=1):
                connection: socket.socket = key.fileobj  # type: ignore[assignment]  # only sockets are registered
                _take_answer(connection)
                turn.times.append(time.perf_counter() - key.data)
                ready.modify(connection, selectors.EVENT_READ, _ask(connection, base, questions))
        turn.processor_seconds = engine.processor_seconds() - before
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
