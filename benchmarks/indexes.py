"""Time every kind of index, and what it stands on, against the local one, at a threshold.

    python -m benchmarks.indexes [ROWS ...] [--rounds 9]

The vectors and the threshold are those of `benchmarks.search`, and everything is measured in turn, round
after round. "qdrant" asks Qdrant's own core in this process over HTTP, because there is no server to be
had as a package; "pgvector" asks a whole PostgreSQL. "core alone" and "SQL alone" are the same question
without our margin rule and the vectors that it scores again. Each answer is compared with that of
the local index. faiss is left out where it is not installed (`pip install faiss-cpu`).
"""

from __future__ import annotations

import argparse
import os
import statistics
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import psycopg
import qdrant_edge
from psycopg import sql

from benchmarks.search import THRESHOLD, floor, library, planted, unit_rows
from engine.index.protocol import Place, RowSearch, SearchSpec, TopRows
from engine.index.registry import KINDS
from engine.index.score import Floats
from tests.engine.index.pgvector import rig as pgvector
from tests.engine.index.qdrant import rig as qdrant
from tests.engine.index.scan import rig as scan

RIGS = {"local": scan, "qdrant": qdrant, "pgvector": pgvector}
FIRST = [SearchSpec(THRESHOLD, limit=5)]
ALL = [SearchSpec(THRESHOLD)]
Contestants = dict[str, Callable[[Floats], object]]


def _search(rows: RowSearch, want: Sequence[SearchSpec], asked: Floats) -> Sequence[TopRows]:
    return rows.search(asked, list(want) * len(asked))


def contestants(matrix: Floats, stack: ExitStack) -> Contestants:
    folder = Path(stack.enter_context(TemporaryDirectory()))
    built: dict[str, RowSearch] = {}
    for kind in KINDS:
        table = stack.enter_context(RIGS[kind.name].an_index_table(folder))
        begun = time.perf_counter()
        index = kind.make(kind.table.model_validate(table), "default", lambda: "cpu")
        built[kind.name] = index.build(Place("s1"), matrix)
        print(f"{kind.name}: built in {time.perf_counter() - begun:.1f} s")
    compare(built, matrix)
    runs: Contestants = {}
    for name, rows in built.items():
        runs[f"{name}, first 5 and the total"] = partial(_search, rows, FIRST)
        runs[f"{name}, all"] = partial(_search, rows, ALL)
    runs["qdrant's core alone"] = core_alone()
    runs["pgvector's SQL alone"] = sql_alone()
    if faiss := library("faiss"):
        flat = faiss.IndexFlatIP(matrix.shape[1])
        flat.add(matrix)
        runs["faiss range_search"] = lambda asked: flat.range_search(asked, float(np.nextafter(THRESHOLD, 0)))
    return runs


def ask(rows: RowSearch, wanted: list[SearchSpec], asked: Floats) -> list[TopRows]:
    return rows.search(asked, wanted * len(asked))


def compare(built: dict[str, RowSearch], matrix: Floats) -> None:
    """Every answer is the local one's, to the last bit, at thresholds that are scores and beside them."""
    local = built.pop("local")
    [best] = local.search(matrix[:1], [SearchSpec(0.1)])
    scores = best.scores[np.linspace(1, len(best.scores) - 1, 12).astype(int)].tolist()
    steps = [*scores, *np.nextafter(scores, 2).tolist(), *np.nextafter(scores, -2).tolist(), THRESHOLD]
    wanted = [SearchSpec(step, limit=20) for step in steps]
    asked = np.repeat(matrix[:1], len(wanted), axis=0)
    right = list(map(parts, local.search(asked, wanted)))
    for name, rows in built.items():
        same = sum(one == parts(other) for one, other in zip(right, rows.search(asked, wanted), strict=True))
        print(f"{name}: {same} of {len(wanted)} answers are the local ones")
    built["local"] = local


def parts(found: TopRows) -> tuple[int, list[int], list[float]]:
    return found.total, found.rows.tolist(), found.scores.tolist()


def core_alone() -> Callable[[Floats], object]:
    [held] = qdrant.a_double().collections.values()

    def run(asked: Floats) -> object:
        queries = [
            qdrant_edge.QueryRequest(
                limit=1_000,
                query=qdrant_edge.Query.Nearest(question),
                score_threshold=THRESHOLD,
                params=qdrant_edge.SearchParams(exact=True),
            )
            for question in asked.tolist()
        ]
        return held.shard.query_batch(qdrant_edge.QueryBatchRequest(queries))

    return run


def sql_alone() -> Callable[[Floats], object]:
    connection = psycopg.connect(pgvector.an_address().replace("+psycopg", ""), autocommit=True)
    [name] = pgvector.tables(f"test_{os.getpid()}_0")
    # The question stands in the statement, as the index writes it.
    near = sql.SQL("SELECT row FROM {} WHERE {away} <= {} ORDER BY {away}")

    def run(asked: Floats) -> object:
        aways = [sql.SQL("v <#> {}::vector").format(str(question)) for question in asked.tolist()]
        table = sql.Identifier(name)
        return [connection.execute(near.format(table, -THRESHOLD, away=each)).fetchall() for each in aways]

    return run


def timed(runs: Contestants, matrix: Floats, asked: Floats, rounds: int) -> dict[str, float]:
    """The median of each in ms."""
    times: dict[str, list[float]] = {name: [] for name in runs}
    with ThreadPoolExecutor(2) as pool:
        least = floor(matrix, pool)
        times["float32 read floor"] = []
        alone: dict[str, Callable[[], object]] = {"float32 read floor": least}
        alone |= {name: partial(run, asked) for name, run in runs.items()}
        for turn in range(rounds + 1):
            for name, measured in alone.items():
                begun = time.perf_counter()
                measured()
                if turn:  # the first round warms up
                    times[name].append(1000 * (time.perf_counter() - begun))
    return {name: statistics.median(taken) for name, taken in times.items()}


def print_table(rows: int, rounds: int) -> None:
    rng = np.random.default_rng(1)
    matrix, questions = unit_rows(rng, rows), unit_rows(rng, 32)
    planted(matrix, questions)
    with ExitStack() as stack:
        runs = contestants(matrix, stack)
        tables = [timed(runs, matrix, asked, rounds) for asked in (questions[:1], questions)]
    print(f"\n{rows:,} x {matrix.shape[1]}, medians of {rounds} rounds, load {os.getloadavg()[0]:.1f}\n")
    print("| | one, ms | of the floor | of local | 32, ms | of the floor | of local |")
    print("| --- | ---: | ---: | ---: | ---: | ---: | ---: |")
    for name in tables[0]:
        print(f"| {name} | {' | '.join(cells(name, table) for table in tables)} |")


def cells(name: str, table: dict[str, float]) -> str:
    own, least = table["local, all"], table["float32 read floor"]
    return f"{table[name]:.1f} | {table[name] / least:.2f} | {table[name] / own:.1f}"


def main(given: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("rows", nargs="*", type=int, default=[100_000])
    parser.add_argument("--rounds", type=int, default=9)
    options = parser.parse_args(given)
    for rows in options.rows:
        print_table(rows, options.rounds)


if __name__ == "__main__":
    main()
