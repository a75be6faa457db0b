"""Engines with the bundled model, each a process of its own, over the `shop` sample and generated entries."""

from __future__ import annotations

import os
import random
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
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


@dataclass(frozen=True)
class Engine:
    """One that runs."""

    name: str
    port: int
    process: int
    folder: Path


@dataclass(frozen=True)
class Config:
    """The setup of an engine: the number of entries in `many`, and the scoring."""

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


def open_engines(
    closing: ExitStack, config: Config, processes: Sequence[int], beside: Path | None
) -> list[Engine]:
    """One for each number of processes, and one `beside` them of another checkout; `closing` ends them."""
    engines = [
        closing.enter_context(an_engine(f"{count} processes", Path.cwd(), config, processes=count))
        for count in dict.fromkeys(processes)
    ]
    if beside:
        engines.append(closing.enter_context(an_engine("beside", beside.resolve(), config)))
    return engines


def print_load(moment: str) -> None:
    """Say how busy the machine is when something began or ended."""
    print(f"load when it {moment}: " + ", ".join(f"{load:.1f}" for load in os.getloadavg()))


def write_entries(path: Path, entries: int, seed: int) -> None:
    """So many lines; another seed makes others."""
    chosen = random.Random(seed)
    path.write_text("\n".join(sentence(chosen) for _ in range(entries)), encoding="utf-8")


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


def sentence(chosen: random.Random) -> str:
    """Four to nine words of random syllables."""
    words = ("".join(chosen.choices(SYLLABLES, k=chosen.randint(1, 3))) for _ in range(chosen.randint(4, 9)))
    return " ".join(words)
