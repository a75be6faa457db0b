"""What a refresh costs beside the model: nothing changed, reordered, 1 % changed, against everything new.

    python benchmarks/refresh.py [--entries 265590] [--start 1000000]

The model is a fake that is fast, so that what is measured is the machinery: reading,
comparing, vectors from the snapshot and the cache, writing, publishing. Questions go on
during a refresh; then an engine is started on many vectors. Refreshes are told in processor
seconds, which other programs on the machine move least, and as ratios of the same run.
Results are in refresh.md.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import random
import shutil
import statistics
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np

from engine import app, config
from engine.domain import Entry
from engine.encoder.vectors import fingerprint_of
from engine.shelf import Shelf
from engine.snapshot import ModelIdentity, Snapshot, Vectors

WIDTH = 512
QUESTIONS = 150


class FastEncoder:
    """Random unit vectors, the same for the same text; a question takes a millisecond."""

    device = "paper"

    def __init__(self) -> None:
        self.identity = ModelIdentity("fast", WIDTH, fingerprint_of({"width": WIDTH}))
        self._pool = np.random.default_rng(0).standard_normal((4099, WIDTH), dtype=np.float32)
        self._pool /= np.linalg.norm(self._pool, axis=1, keepdims=True)

    def encode(self, texts: Sequence[str], role: str) -> Vectors:
        if role == "query":
            time.sleep(0.001)
        seeds = [int.from_bytes(hashlib.blake2b(text.encode(), digest_size=8).digest()) for text in texts]
        rows = (
            self._pool[[seed % 4099 for seed in seeds]] + self._pool[[seed // 4099 % 4099 for seed in seeds]]
        )
        unit: Vectors = (rows / np.linalg.norm(rows, axis=1, keepdims=True)).astype(np.float32)
        return unit


def engine_on(folder: Path) -> app.App:
    base = config.KnowledgeBase(name="default", source=("texts.jsonl",), base=folder, refresh="manual")
    settings = config.Engine(data_dir=folder / "data", knowledge_base=(base,), listen="127.0.0.1:0")
    return app.build(settings, app.Edges(load_encoder=lambda _model: FastEncoder()))


def write(folder: Path, texts: Sequence[tuple[int, str]]) -> None:
    lines = (json.dumps({"id": str(number), "text": text}) for number, text in texts)
    (folder / "texts.jsonl").write_text("\n".join(lines), encoding="utf-8")


def ask(engine: app.App, number: int) -> float:
    began = time.perf_counter()
    answer = engine.wsgi.test_client().post(
        "/v1/search", json={"query": f"question {number}", "threshold": 0.9}
    )
    assert answer.status_code == 200, answer.text
    return time.perf_counter() - began


def p95(seconds: Sequence[float]) -> float:
    return statistics.quantiles(seconds, n=20)[-1]


def refreshed(engine: app.App) -> tuple[float, Any]:
    refresher = engine.knowledge.refresher
    began = time.process_time()
    ended = refresher.wait_for("default", refresher.request("default", by_hand=True))
    assert ended
    assert ended.state == "done", ended.error
    return time.process_time() - began, ended


def opened(folder: Path) -> app.App:
    engine = engine_on(folder)
    engine.open()
    engine.knowledge.batcher.wait_until_loaded()
    engine.knowledge.refresher.wait_until_caught_up()
    return engine


def asking(engine: app.App, until: Callable[[], bool]) -> list[float]:
    times: list[float] = []
    while not until():
        times.append(ask(engine, len(times)))
    return times


def costs(folder: Path, entries: int) -> None:
    texts = [(n, f"entry {n} tells what to do in case {n * 7919 % entries}") for n in range(entries)]
    write(folder, texts)
    began = time.process_time()
    engine = opened(folder)
    refresher = engine.knowledge.refresher
    first = refresher.recent("default")[0]
    assert refresher.wait_for("default", first.id)
    full = time.process_time() - began
    print(f"everything new: {full:.2f} s with the fake model, {entries} embedded")
    quiet = [ask(engine, number) for number in range(QUESTIONS)]
    print(f"a question, quiet: p50 {statistics.median(quiet) * 1e3:.1f} ms, p95 {p95(quiet) * 1e3:.1f} ms")

    shuffled = texts[:]
    random.Random(0).shuffle(shuffled)
    changed = [(n, f"{text} now" if n % 100 == 0 else text) for n, text in texts]
    model = entries / 790  # the bundled model on this machine, texts a second
    for name, content in (
        ("nothing changed", texts),
        ("reordered", shuffled),
        ("1 % changed", changed),
        ("1 % changed back", texts),
        ("renumbered", [(n + 1, text) for n, text in texts]),
    ):
        write(folder, content)
        seconds, ended = refreshed(engine)
        print(
            f"{name}: {seconds:.2f} s, {ended.embedded} embedded, {ended.recalled} recalled;"
            f" {seconds / full:.2f} of the full one with the fake model,"
            f" {seconds / (full + model):.4f} with the bundled model's {model:.0f} s"
        )

    write(folder, changed)
    done = threading.Event()

    def refresh() -> None:
        refreshed(engine)
        done.set()

    thread = threading.Thread(target=refresh)
    thread.start()
    during = asking(engine, done.is_set)
    thread.join()
    print(
        f"a question during a refresh of 1 %: p95 {p95(during) * 1e3:.1f} ms over {len(during)},"
        f" {p95(during) / p95(quiet):.2f} of quiet, longest {max(during) * 1e3:.0f} ms, none failed"
    )
    engine.stop()
    cache = sum(each.stat().st_size for each in (folder / "data/vectors").rglob("*") if each.is_file())
    print(f"cache on disk: {cache / 1e6:.0f} MB for {entries * WIDTH * 4 / 1e6:.0f} MB of vectors")


def start(folder: Path, entries: int) -> None:
    """Past the rows that one source may have, so the snapshot is published without one."""
    model = FastEncoder()
    held = [Entry(id=f"{n:07d}", text=f"entry {n}") for n in range(entries)]
    made = datetime.now(UTC)
    snapshot = Snapshot.of(
        id=f"{made:%Y%m%dT%H%M%S.%fZ}-bench0",
        knowledge_base="default",
        created=made,
        model=model.identity,
        entries=held,
        vectors=model.encode([each.text for each in held], "document"),
    )
    write(folder, [(0, "not read")])
    Shelf(folder / "data/snapshots/default").publish(snapshot)
    del snapshot, held
    vectors = next((folder / "data/snapshots").rglob("vectors.safetensors"))
    reads = []
    for _ in range(3):
        began = time.perf_counter()
        vectors.read_bytes()
        reads.append(time.perf_counter() - began)
    raw = statistics.median(reads)
    print("---", flush=True)
    import subprocess  # noqa: PLC0415 - the memory of a process that did nothing else

    subprocess.run([sys.executable, __file__, "--started", str(folder), "--raw", str(raw)], check=True)


def most_memory() -> int:
    """The most bytes this process has held; what `resource` tells is inherited from the parent."""
    lines = Path("/proc/self/status").read_text(encoding="utf-8").splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("VmHWM")) * 1024


def started(folder: Path, raw: float) -> None:
    before = most_memory()
    began = time.perf_counter()
    engine = opened(folder)
    ask(engine, 0)
    seconds = time.perf_counter() - began
    matrix = next((folder / "data/snapshots").rglob("vectors.safetensors")).stat().st_size
    grown = most_memory() - before
    print(
        f"start until the first answer: {seconds:.2f} s, {seconds / raw:.1f} of reading the vectors'"
        f" {raw:.2f} s; memory {grown / matrix:.2f} of the matrix at its highest"
    )
    engine.stop()


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--entries", type=int, default=265_590)
    parser.add_argument("--start", type=int, default=1_000_000)
    parser.add_argument("--started", type=Path)
    parser.add_argument("--raw", type=float, default=1.0)
    given = parser.parse_args()
    if given.started:
        started(given.started, given.raw)
        return
    for measure, size in ((costs, given.entries), (start, given.start)):
        folder = Path(tempfile.mkdtemp())
        try:
            if size:
                measure(folder, size)
        finally:
            shutil.rmtree(folder)


if __name__ == "__main__":
    main()
