"""The index on PostgreSQL when the server is killed, is missing something, or has pgvector's limits."""

from __future__ import annotations

import json
import math
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from psycopg import sql

from engine.domain import NotReady, SnapshotDamaged
from engine.index.distant_rows import COUNT_SECONDS, DistantRows
from engine.index.outage import PAUSE_SECONDS, Outage
from engine.index.pgvector.database import Database
from engine.index.pgvector.index import Pgvector, PgvectorIndex
from engine.index.protocol import Place, SearchSpec
from engine.index.score import scores_of
from tests.engine.index.distant_cases import PASSED, ROWS, Clock
from tests.engine.index.pgvector import rig
from tests.engine.index.scan import plain
from tests.support.forker import REPOSITORY
from tests.support.hang_guard import HANG_SECONDS
from tests.support.pgvector_server import a_shared_server


@pytest.fixture
def prefix(tmp_path: Path) -> Iterator[str]:
    with rig.an_index_table(tmp_path) as table:
        yield table["prefix"]


def a_database(prefix: str, clock: Clock | None = None) -> Database:
    url = rig.an_address().replace("+psycopg", "")
    outage = Outage("PostgreSQL", clock or Clock())
    return Database(url, f"{prefix}/default", timeout_seconds=10, outage=outage)


def an_index(prefix: str, clock: Clock | None = None) -> PgvectorIndex:
    return PgvectorIndex(a_database(prefix, clock))


def test_each_matrix_is_a_table_whose_comment_says_whose_it_is(prefix: str) -> None:
    index = an_index(prefix)
    for name in ("s1", "s2"):
        index.build(Place(name), ROWS)
    index.build(Place("s2", "passages"), ROWS[:5])
    index.serve(["s2"])
    assert sorted(map(json.loads, rig.tables(prefix).values())) == [
        [f"{prefix}/default", "s2", "entries"],
        [f"{prefix}/default", "s2", "passages"],
    ]


def test_a_refresh_that_is_cut_off_leaves_no_half_table(prefix: str) -> None:
    class Breaking(np.ndarray[Any, Any]):
        """Fails when the second piece of it is read."""

        def __getitem__(self, key: Any) -> Any:
            if isinstance(key, slice) and key.start:
                raise MemoryError
            return super().__getitem__(key)

    rows = np.zeros((5000, 3), np.float32).view(Breaking)
    with pytest.raises(MemoryError):
        an_index(prefix).build(Place("s1"), rows)
    assert rig.tables(prefix) == {}


def test_a_server_that_is_killed_is_an_error_and_is_found_again(prefix: str) -> None:
    clock = Clock()
    rows = an_index(prefix, clock).build(Place("s1"), ROWS)
    before = [(found.total, found.rows.tolist()) for found in rows.search(ROWS[:1], PASSED)]
    server = a_shared_server()
    server.kill()
    try:
        with pytest.raises(NotReady, match="the index on PostgreSQL does not answer"):
            rows.search(ROWS[:1], PASSED)
        assert "does not answer" in rows.problem()
        opened = an_index(prefix).open(Place("s1"), rows.arrays(), ROWS.shape)
        assert "does not answer" in opened.problem()
    finally:
        server.start()
    clock.seconds += PAUSE_SECONDS
    assert rows.problem() == ""
    assert [(found.total, found.rows.tolist()) for found in rows.search(ROWS[:1], PASSED)] == before


def test_rows_that_are_lost_are_an_error(prefix: str) -> None:
    clock = Clock()
    database = a_database(prefix)
    rows = DistantRows(database.store(Place("s1"), ROWS), ROWS.shape, device="postgresql", steady=clock)
    rows.count_now_and_then()
    [name] = rig.tables(prefix)
    with database.connect() as connection:
        connection.execute(sql.SQL("DELETE FROM {} WHERE row < 7").format(sql.Identifier(name)))
    with pytest.raises(NotReady, match="does not have row 6"):
        rows.take(np.array([299, 6]))
    clock.seconds += COUNT_SECONDS
    with pytest.raises(NotReady, match="has 293 of 300 rows"):
        rows.search(ROWS[:1], PASSED)
    with pytest.raises(SnapshotDamaged, match="293 of 300"):
        PgvectorIndex(database).open(Place("s1"), rows.arrays(), ROWS.shape)
    with pytest.raises(SnapshotDamaged, match="does not have these rows"):
        PgvectorIndex(database).open(Place("s2"), rows.arrays(), ROWS.shape)


@pytest.mark.parametrize("dimension", [512, 2560])
def test_scores_and_their_neighbours_are_thresholds_that_hold_at_any_width(
    prefix: str, dimension: int
) -> None:
    """Rows of 2,000 numbers and more do not fit into a page of the table."""
    rows = plain.clustered_rows(np.random.default_rng(5), 200, dimension)
    held = an_index(prefix).build(Place("s1"), rows)
    scores = scores_of(rows, np.arange(200), rows[0])
    for score in scores[[3, 77]].tolist():
        for threshold in (score, math.nextafter(score, 2), math.nextafter(score, -2)):
            [found] = held.search(rows[:1], [SearchSpec(threshold, limit=10)])
            assert found.total == np.count_nonzero(scores >= threshold)


def test_without_its_driver_the_engine_ends_with_a_sentence_that_says_how_to_get_it(tmp_path: Path) -> None:
    (tmp_path / "config.toml").write_text(
        '[engine.index]\nkind = "pgvector"\nurl = "postgresql://kbdial@127.0.0.1:9/none"\n',
        encoding="utf-8",
    )
    without = "import sys; sys.modules['psycopg'] = None; from engine.__main__ import main; sys.exit(main())"
    ended = subprocess.run(
        [sys.executable, "-c", without, "serve"],
        cwd=tmp_path,
        env={"PYTHONPATH": str(REPOSITORY)},
        capture_output=True,
        text=True,
        timeout=HANG_SECONDS,
        check=False,
    )
    assert ended.returncode == 1
    said = ended.stderr.splitlines()[-1]
    assert said.startswith('kbdial-engine serve: [engine.index] kind = "pgvector" needs the package psycopg')
    assert "pip install -e '.[pgvector]'" in said


def test_its_address_is_a_secret_and_one_of_a_database() -> None:
    table = Pgvector.model_validate({"url": "postgresql+psycopg://kb:s3cret-k7Qm@db/vectors"})
    assert table.url.get_secret_value() == "postgresql://kb:s3cret-k7Qm@db/vectors"
    assert table.secrets == ("postgresql://kb:s3cret-k7Qm@db/vectors", "s3cret-k7Qm")
    assert "s3cret" not in repr(table)
    with pytest.raises(ValueError, match="wanted the address of a database"):
        Pgvector.model_validate({"url": "http://db/vectors"})
