"""Time the exact search against the speed of memory and against its peers, in one run.

    python -m benchmarks.search [ROWS ...] [--rounds 15] [--seconds 2]

    python -m benchmarks.search 100000 --rounds 5 --seconds 1     in a minute or two

Everything is measured in turn, round after round, and compared with the time it takes
just to read the float32 matrix in the same run: on a shared machine ratios mean
something, milliseconds less. `work` is the same ratio of processor time, all threads
together, which other programs move least. Peers that are not installed are left out.

The vectors are random unit vectors, 512 wide. Each question has 40 planted neighbours
with cosines from 0.30 to 0.95; the threshold of 0.40 lets 33 of them pass, 0.10 about
one row in a hundred, 0.0 half of them.
"""

from __future__ import annotations

import argparse
import os
import statistics
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from importlib import import_module
from typing import Any

import numpy as np

from engine.index.protocol import SearchSpec
from engine.index.scan import Compressed, Scan, int8_products
from engine.index.score import Floats

WIDTH = 512
ROUNDS = 15
THRESHOLD = 0.4


def library(name: str) -> Any:
    try:
        return import_module(name)
    except ImportError:
        return None


def unit_rows(rng: np.random.Generator, count: int, width: int = WIDTH) -> Floats:
    rows = np.empty((count, width), dtype=np.float32)
    for start in range(0, count, 50_000):
        piece = rows[start : start + 50_000]
        rng.standard_normal(out=piece, dtype=np.float32)
        piece /= np.linalg.norm(piece, axis=1, keepdims=True)
    return rows


def planted(matrix: Floats, questions: Floats) -> None:
    cosines = np.linspace(0.3, 0.95, 40)
    stride = len(matrix) // (len(questions) * len(cosines))
    for place, question in enumerate(questions):
        for row, cosine in enumerate(cosines, start=place * len(cosines)):
            rest = matrix[row * stride] - (matrix[row * stride] @ question) * question
            matrix[row * stride] = cosine * question + np.sqrt(1 - cosine**2) * rest / np.linalg.norm(rest)


def floor(matrix: Floats, pool: ThreadPoolExecutor) -> Callable[[], object]:
    halves = [half.reshape(-1) for half in np.array_split(matrix, 2)]
    return lambda: list(pool.map(np.max, halves))


def plain_numpy(matrix: Floats, questions: Floats) -> None:
    for scores in (matrix @ questions.T).T:
        rows = np.flatnonzero(scores >= THRESHOLD)
        rows[np.argsort(-scores[rows], kind="stable")]


def contestants(matrix: Floats, questions: Floats) -> dict[str, Callable[[], object]]:
    count = len(questions)
    ours, whole = Scan.over(matrix), Scan(matrix)
    runs: dict[str, Callable[[], object]] = {
        "ours, all >= 0.40": lambda: ours.search(questions, [SearchSpec(THRESHOLD)] * count),
        "ours, first 5 and best 200": lambda: ours.search(questions, [SearchSpec(THRESHOLD, 5, 200)] * count),
        "ours, first 5 >= 0.10": lambda: ours.search(questions, [SearchSpec(0.1, 5)] * count),
        "ours, first 5 >= 0.00": lambda: ours.search(questions, [SearchSpec(0.0, 5)] * count),
        "ours without numkong": lambda: whole.search(questions, [SearchSpec(THRESHOLD)] * count),
        "numpy float32": lambda: plain_numpy(matrix, questions),
    }
    if torch := library("torch"):
        rows, asked = torch.from_numpy(matrix), torch.from_numpy(questions)
        runs["torch float32"] = lambda: [
            scores[scores >= THRESHOLD].sort(descending=True) for scores in (rows @ asked.T).T
        ]
        half = rows.bfloat16()
        runs["torch bfloat16 (not exact)"] = lambda: [
            scores[scores >= THRESHOLD].sort(descending=True) for scores in (half @ asked.bfloat16().T).T
        ]
        if peer := library("sentence_transformers.util"):
            runs["sentence-transformers, top 100"] = lambda: peer.semantic_search(asked, rows, top_k=100)
    if faiss := library("faiss"):
        index = faiss.IndexFlatIP(WIDTH)
        index.add(matrix)
        runs["faiss range_search"] = lambda: index.range_search(questions, float(np.nextafter(THRESHOLD, 0)))
    if usearch := library("usearch.index"):
        runs["usearch exact, top 100"] = lambda: usearch.search(
            matrix, questions, 100, usearch.MetricKind.IP, exact=True
        )
    return runs


def timed(matrix: Floats, questions: Floats, rounds: int) -> dict[str, tuple[float, float, float]]:
    """The median in ms of each contestant, and of the floor also the processor time of all threads."""
    with ThreadPoolExecutor(2) as pool:
        runs = {"float32 read floor": floor(matrix, pool), **contestants(matrix, questions)}
        times: dict[str, list[tuple[float, float]]] = {name: [] for name in runs}
        for turn in range(rounds + 1):
            for name, run in runs.items():
                if turn > 3 and times[name][0][0] > 1:
                    continue  # three rounds say enough of what takes seconds
                begun, worked = time.perf_counter(), time.process_time()
                run()
                if turn:  # the first round warms up
                    times[name].append((time.perf_counter() - begun, time.process_time() - worked))
    middles = {name: tuple(map(statistics.median, zip(*taken, strict=True))) for name, taken in times.items()}
    least, work = middles["float32 read floor"]
    return {name: (1000 * taken, taken / least, worked / work) for name, (taken, worked) in middles.items()}


def print_table(matrix: Floats, questions: Floats, rounds: int) -> None:
    alone = timed(matrix, np.ascontiguousarray(questions[:1]), rounds)
    together = timed(matrix, questions, rounds)
    print(f"\n{len(matrix):,} x {WIDTH}, medians of {rounds} rounds, load {os.getloadavg()[0]:.1f}\n")
    print("| | one, ms | of the floor | work | 32, ms | of the floor | work |")
    print("| --- | ---: | ---: | ---: | ---: | ---: | ---: |")
    for name in alone:
        cells = ("{:.1f} | {:.2f} | {:.2f}".format(*figures[name]) for figures in (alone, together))
        print(f"| {name} | {' | '.join(cells)} |")


def print_callers(matrix: Floats, questions: Floats, seconds: float) -> None:
    """Threads that ask one question after the other, alone and 32 at once."""
    scan = Scan.over(matrix)
    print(f"\n{len(matrix):,} x {WIDTH}, callers of one scan, load {os.getloadavg()[0]:.1f}\n")
    print("| callers | a second | median ms | p99 ms |\n| ---: | ---: | ---: | ---: |")
    for callers in (1, len(questions)):
        times: list[float] = []
        until = time.perf_counter() + seconds

        def ask(question: Floats, times: list[float] = times, until: float = until) -> None:
            while (begun := time.perf_counter()) < until:
                scan.search(question[None], [SearchSpec(THRESHOLD, limit=5)])
                times.append(time.perf_counter() - begun)

        threads = [threading.Thread(target=ask, args=(question,)) for question in questions[:callers]]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        middle, p99 = 1000 * statistics.median(times), 1000 * statistics.quantiles(times, n=100)[98]
        print(f"| {callers} | {len(times) / seconds:,.0f} | {middle:.2f} | {p99:.2f} |")


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("rows", nargs="*", type=int, default=[100_000, 1_000_000])
    parser.add_argument("--rounds", type=int, default=ROUNDS)
    parser.add_argument("--seconds", type=float, default=2, help="how long the callers go on")
    options = parser.parse_args()
    rng = np.random.default_rng(0)
    print(f"numkong: {'yes' if int8_products() else 'no'}")
    for count in options.rows:
        matrix, questions = unit_rows(rng, count), unit_rows(rng, 32)
        planted(matrix, questions)
        begun = time.perf_counter()
        copy = Compressed.of(matrix)
        taken = time.perf_counter() - begun
        share = (matrix.nbytes + copy.nbytes) / matrix.nbytes
        print(f"\ncompressed {count:,} rows: {count / taken:,.0f} rows/s, {share:.2f} x the matrix in memory")
        del copy
        print_table(matrix, questions, options.rounds)
        print_callers(matrix, questions, options.seconds)


if __name__ == "__main__":
    main()
