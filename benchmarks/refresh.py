"""The cost of a refresh, a start and the memory of many entries, against their aims.

    python -m benchmarks.refresh [refresh|switch|start …] [--entries 265590] [--rows 1000000]

`refresh`: nothing changed, reordered, 1 % changed, against everything new; questions meanwhile.
`switch`: a new snapshot every ten seconds while eight clients ask as fast as they can.
`start`: a start on many entries against reading the file of their vectors, and memory at
rest and while the next snapshot is made and published.

The model is a fake that is fast, so that what is measured is the machinery. What the bundled
model would add to everything new is measured on a sample. Results are in refresh.md.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import random
import re
import shutil
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
from werkzeug.test import Client

from engine import app, config, encoder
from engine.encoder.vectors import fingerprint_of
from engine.index.snapshot import ModelIdentity, Vectors
from tests.support.asgi_bridge import AsgiBridge

WIDTH = 512
QUESTIONS = 200
CLIENTS = 8
SWITCH_SECONDS = 10.0
SOURCE_ROWS = 500_000  # as many as one source may have
_POOL = 4099
_SAMPLE = 3000
_MIB = 1 << 20


class FastEncoder:
    """Random unit vectors, the same for the same text; a question takes a millisecond."""

    device = "paper"

    def __init__(self) -> None:
        self.identity = ModelIdentity("fast", WIDTH, fingerprint_of({"width": WIDTH}))
        self._pool = np.random.default_rng(0).standard_normal((_POOL, WIDTH), dtype=np.float32)
        self._pool /= np.linalg.norm(self._pool, axis=1, keepdims=True)

    def encode(self, texts: Sequence[str], role: str) -> Vectors:
        if role == "query":
            time.sleep(0.001)  # about what the bundled model takes for a question
        seeds = [int.from_bytes(hashlib.blake2b(text.encode(), digest_size=8).digest()) for text in texts]
        rows = (
            self._pool[[seed % _POOL for seed in seeds]]
            + self._pool[[seed // _POOL % _POOL for seed in seeds]]
        )
        unit: Vectors = (rows / np.linalg.norm(rows, axis=1, keepdims=True)).astype(np.float32)
        return unit


def sentences(count: int) -> list[str]:
    """Chinese of a help desk, cut up and put together anew: about 37 characters, each another."""
    draw = random.Random(0)
    shop = Path(app.__file__).with_name("samples") / "shop.jsonl"
    rows = [json.loads(line) for line in shop.read_text(encoding="utf-8").splitlines()]
    parts = [
        part for row in rows for part in re.findall(r"[\u4e00-\u9fff]{3,8}", row["text"] + row["answer"])
    ]
    return [f"{'，'.join(draw.choices(parts, k=6))} {number}" for number in range(count)]


def write(folder: Path, texts: Sequence[tuple[int, str]]) -> None:
    """Half a million a file, because a source may not have more."""
    for number, first in enumerate(range(0, len(texts), SOURCE_ROWS)):
        lines = (
            json.dumps({"id": f"{n:07d}", "text": text}, ensure_ascii=False)
            for n, text in texts[first : first + SOURCE_ROWS]
        )
        (folder / f"texts{number}.jsonl").write_text("\n".join(lines), encoding="utf-8")


def changed(texts: Sequence[tuple[int, str]], word: str) -> list[tuple[int, str]]:
    """One of a hundred says something else."""
    return [(n, f"{text} {word}" if n % 100 == 0 else text) for n, text in texts]


@contextmanager
def opened(folder: Path) -> Iterator[app.App]:
    sources = tuple(sorted(path.name for path in folder.glob("texts*.jsonl")))
    base = config.KnowledgeBase(name="default", source=sources, base=folder, refresh="manual")
    settings = config.Engine(data_dir=folder / "data", knowledge_base=(base,), listen="127.0.0.1:0")
    engine = app.build(settings, app.Edges(load_encoder=lambda _model: FastEncoder()))
    engine.open()
    try:
        engine.knowledge.batcher.wait_until_loaded()
        engine.knowledge.refresher.wait_until_caught_up()
        yield engine
    finally:
        engine.stop()


def ask(engine: app.App, number: int) -> tuple[float, str]:
    """The seconds it took, and the snapshot that answered."""
    question = {"query": f"question {number}", "threshold": 0.9}
    began = time.perf_counter()
    answer = Client(AsgiBridge(engine.web)).post("/v1/search", json=question)
    assert answer.status_code == 200, answer.text
    return time.perf_counter() - began, answer.get_json()["snapshot"]


def p95(seconds: Sequence[float]) -> float:
    return statistics.quantiles(seconds, n=20)[-1]


def refreshed(engine: app.App) -> tuple[float, float, Any]:
    """The seconds on the clock and of the processor until the refresh was done."""
    refresher = engine.knowledge.refresher
    began, worked = time.perf_counter(), time.process_time()
    ended = refresher.wait_for("default", refresher.request("default", by_hand=True))
    assert ended
    assert ended.state == "done", ended.error
    return time.perf_counter() - began, time.process_time() - worked, ended


def first_refresh(engine: app.App) -> None:
    refresher = engine.knowledge.refresher
    ended = refresher.wait_for("default", refresher.recent("default")[0].id)
    assert ended
    assert ended.state == "done", ended.error


def model_seconds(texts: Sequence[str]) -> tuple[float, float]:
    """The bundled model's seconds for a text: on the clock, and of the processor."""
    model = encoder.load(config.Model())
    sample = texts[:: max(1, len(texts) // _SAMPLE)][:_SAMPLE]
    began, worked = time.perf_counter(), time.process_time()
    for first in range(0, len(sample), 64):
        model.encode(sample[first : first + 64], "document")
    return (time.perf_counter() - began) / len(sample), (time.process_time() - worked) / len(sample)


def measure_refresh(folder: Path, given: argparse.Namespace) -> None:
    texts = list(enumerate(sentences(given.entries)))
    write(folder, texts)
    began, worked = time.perf_counter(), time.process_time()
    with opened(folder) as engine:
        first_refresh(engine)
        wall, work = time.perf_counter() - began, time.process_time() - worked
        model_wall, model_work = model_seconds([text for _, text in texts])
        wall, work = wall + model_wall * len(texts), work + model_work * len(texts)
        print(f"\n{len(texts)} entries x {WIDTH}. Everything new with the bundled model: {wall:.0f} s on")
        print(f"the clock, {work:.0f} s of processors. The aim is 2 % of it and a second.\n")
        print("| refresh | embedded | recalled | seconds | of the aim | processor seconds | of the aim |")
        print("| --- | ---: | ---: | ---: | ---: | ---: | ---: |")
        quiet = [ask(engine, number)[0] for number in range(QUESTIONS)]
        shuffled = random.Random(0).sample(texts, len(texts))
        for name, content in (
            ("nothing changed", texts),
            ("reordered", shuffled),
            ("1 % changed", changed(texts, "now")),
            ("the 1 % changed back", texts),
            ("every entry under another id", [(n + 1, text) for n, text in texts]),
        ):
            write(folder, content)
            seconds, processor, ended = refreshed(engine)
            print(
                f"| {name} | {ended.embedded} | {ended.recalled} | {seconds:.2f}"
                f" | {seconds / (wall / 50 + 1):.2f} | {processor:.2f} | {processor / (work / 50 + 1):.2f} |",
                flush=True,
            )
        during: list[float] = []
        for turn in range(given.turns):
            write(folder, changed([(n + 1, text) for n, text in texts], f"again {turn}"))
            during += _asked_during(engine, lambda: refreshed(engine))
    print("\n| question | p50, ms | p95, ms | longest, ms |\n| --- | ---: | ---: | ---: |")
    for name, times in (("quiet", quiet), (f"during {given.turns} refreshes of 1 %", during)):
        print(f"| {name}, {len(times)} | {_milliseconds(times)} |")
    print(f"\np95 {p95(during) / p95(quiet):.2f} of quiet (aim 2), none failed", flush=True)


def _milliseconds(times: Sequence[float]) -> str:
    return f"{statistics.median(times) * 1e3:.1f} | {p95(times) * 1e3:.1f} | {max(times) * 1e3:.0f}"


def _asked_during(engine: app.App, work: Callable[[], object]) -> list[float]:
    thread = threading.Thread(target=work)
    thread.start()
    times: list[float] = []
    while thread.is_alive():
        times.append(ask(engine, len(times))[0])
    thread.join()
    return times


def measure_switch(folder: Path, given: argparse.Namespace) -> None:
    texts = list(enumerate(sentences(given.switched)))
    write(folder, texts)
    with opened(folder) as engine:
        first_refresh(engine)
        at_rest = memory()
        quiet, _ = _asked_by_all(engine, SWITCH_SECONDS)
        served = engine.knowledge.snapshot_stores["default"].current
        assert served is not None
        published = {served.id}
        asking = threading.Event()

        def switching() -> None:
            turn = 0
            while not asking.wait(SWITCH_SECONDS / 2 if turn == 0 else SWITCH_SECONDS):
                turn += 1
                write(folder, changed(texts, f"turn {turn}"))
                published.add(refreshed(engine)[2].snapshot)

        thread = threading.Thread(target=switching)
        thread.start()
        during, answered = _asked_by_all(engine, given.seconds)
        asking.set()
        thread.join()
        assert answered <= published, "an answer from a snapshot that was never published"
        grown = memory(most=True) / at_rest
    print(
        f"\n{len(texts)} entries, {CLIENTS} clients, {len(published) - 1} switches in {given.seconds:.0f} s\n"
    )
    print("| question under load | p50, ms | p95, ms | longest, ms |\n| --- | ---: | ---: | ---: |")
    print(f"| without a switch, {len(quiet)} | {_milliseconds(quiet)} |")
    print(f"| with a switch every {SWITCH_SECONDS:.0f} s, {len(during)} | {_milliseconds(during)} |")
    print(
        f"\np95 {p95(during) / p95(quiet):.2f} of without (aim 2), none failed, every answer from one of"
        f" {len(answered)} published snapshots; most memory {grown:.2f} of at rest (aim: two snapshots)",
        flush=True,
    )


def _asked_by_all(engine: app.App, seconds: float) -> tuple[list[float], set[str]]:
    """All times, and all snapshots that answered. Raises what a client raised."""
    times: list[float] = []
    snapshots: set[str] = set()
    ends = time.monotonic() + seconds

    def client() -> None:
        while time.monotonic() < ends:
            took, snapshot = ask(engine, len(times))
            times.append(took)
            snapshots.add(snapshot)

    with ThreadPoolExecutor(CLIENTS) as pool:
        asking = [pool.submit(client) for _ in range(CLIENTS)]
    for each in asking:
        each.result()
    return times, snapshots


def measure_start(folder: Path, given: argparse.Namespace) -> None:
    """Each step in a process of its own, so that none inherits the memory of another."""
    texts = list(enumerate(sentences(given.rows)))
    write(folder, texts)
    (folder / "next").mkdir()
    write(folder / "next", changed(texts, "now"))
    for step in ("published", "started", "republished"):
        command = [sys.executable, __file__, step, "--folder", str(folder)]
        subprocess.run(command, check=True)


def published(folder: Path) -> None:
    with opened(folder) as engine:
        first_refresh(engine)


def started(folder: Path) -> None:
    vectors = _vectors(folder)
    reads, starts = [], []
    for _ in range(3):
        began = time.perf_counter()
        vectors.read_bytes()
        reads.append(time.perf_counter() - began)
        began = time.perf_counter()
        with opened(folder) as engine:
            ask(engine, 0)
            starts.append(time.perf_counter() - began)
    raw, start = statistics.median(reads), statistics.median(starts)
    print("\n| start until the first answer | seconds |\n| --- | ---: |")
    print(f"| reading the vectors' file | {raw:.2f} |\n| start | {start:.2f} |")
    print(f"\n{start / raw:.2f} of reading (aim 2), medians of three in turn", flush=True)


def republished(folder: Path) -> None:
    matrix, empty = _vectors(folder).stat().st_size, memory()
    with opened(folder) as engine:
        for number in range(QUESTIONS):
            ask(engine, number)
        at_rest = memory()
        for path in (folder / "next").iterdir():
            path.replace(folder / path.name)
        Path("/proc/self/clear_refs").write_text("5", encoding="ascii")  # count the most from here on
        seconds, _, _ = refreshed(engine)
        most = memory(most=True)
        for number in range(QUESTIONS):
            ask(engine, number)
        after = memory()
    print(f"\n| memory, of the matrix of {matrix / _MIB:.0f} MiB | | aim |\n| --- | ---: | ---: |")
    print(f"| before the engine, Python and its libraries | {empty / matrix:.2f} | |")
    print(f"| at rest, after {QUESTIONS} questions | {at_rest / matrix:.2f} | 1.6 |")
    print(f"| most during a refresh of 1 % ({seconds:.0f} s) | {most / matrix:.2f} | 2.6 |")
    print(f"| at rest after it | {after / matrix:.2f} | 1.6 |", flush=True)


def _vectors(folder: Path) -> Path:
    return next((folder / "data/snapshots").rglob("vectors.safetensors"))


def memory(*, most: bool = False) -> int:
    """The bytes of this process now, mapped files included; or the most it has had."""
    name = "VmHWM:" if most else "VmRSS:"
    lines = Path("/proc/self/status").read_text(encoding="utf-8").splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith(name)) * 1024


MEASURES = {"refresh": measure_refresh, "switch": measure_switch, "start": measure_start}


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("what", nargs="*", default=list(MEASURES))
    parser.add_argument("--entries", type=int, default=265_590, help="of `refresh`")
    parser.add_argument("--turns", type=int, default=3, help="refreshes of 1 %% while questions are asked")
    parser.add_argument("--switched", type=int, default=20_000, help="entries of `switch`")
    parser.add_argument("--seconds", type=float, default=60, help="of `switch`")
    parser.add_argument("--rows", type=int, default=1_000_000, help="of `start`")
    parser.add_argument("--folder", type=Path, help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.folder:
        steps = {"published": published, "started": started, "republished": republished}
        steps[given.what[0]](given.folder)
        return
    for what in given.what:
        folder = Path(tempfile.mkdtemp())
        try:
            MEASURES[what](folder, given)
        finally:
            shutil.rmtree(folder)


if __name__ == "__main__":
    main()
