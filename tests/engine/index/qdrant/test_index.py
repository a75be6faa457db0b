"""The index on Qdrant when the server is away, is missing something, or a publication is cut off."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.app import App, Edges, build
from engine.domain import NotReady, SnapshotDamaged
from engine.index.distant_rows import COUNT_SECONDS, DistantRows
from engine.index.outage import PAUSE_SECONDS
from engine.index.protocol import Place, RowSearch, SearchSpec
from engine.index.qdrant.index import Qdrant, QdrantIndex
from engine.index.qdrant.rest import Collection, QdrantServer, below
from engine.index.score import scores_of
from tests.engine.index.distant_cases import PASSED, ROWS, Clock
from tests.engine.index.scan import plain
from tests.support.engine import LetterEncoder, RunningEngine, a_knowledge_base, some_settings
from tests.support.qdrant_server import QdrantDouble


@dataclasses.dataclass
class Rig:
    double: QdrantDouble
    clock: Clock

    def index(self, **keys: Any) -> QdrantIndex:
        table = Qdrant(url=self.double.url)
        server = QdrantServer(table.url, timeout_seconds=5, steady=self.clock)
        return QdrantIndex(server, table, "default", steady=self.clock, **keys)

    def names(self) -> list[str]:
        return sorted(self.double.collections)


@pytest.fixture(scope="module")
def listening() -> Iterator[QdrantDouble]:
    with QdrantDouble() as double:
        yield double


@pytest.fixture
def rig(listening: QdrantDouble) -> Iterator[Rig]:
    yield Rig(listening, Clock())
    listening.broken.clear()
    listening.forget()


@given(st.floats(-1.1, 1.1))
def test_a_strict_single_precision_threshold_is_below_what_is_wanted(number: float) -> None:
    """And less than two steps: the next number above it is at most the wanted one's neighbour."""
    given = below(number)
    assert given == np.float32(given)
    assert given < number
    assert math.nextafter(number, 2) >= np.nextafter(np.float32(given), np.float32(-2))


def test_each_matrix_has_a_collection_whose_settings_leave_nothing_out(rig: Rig) -> None:
    index = QdrantIndex(
        QdrantServer(rig.double.url), Qdrant(url=rig.double.url, shards=3, replicas=2), "default"
    )
    index.build(Place("s1"), ROWS)
    index.build(Place("s1", "passages"), ROWS[:5])
    assert rig.names() == ["kbdial--default--s1--entries", "kbdial--default--s1--passages"]
    assert rig.double.collections["kbdial--default--s1--entries"].settings == {
        "vectors": {"size": 24, "distance": "Dot", "on_disk": False},
        "hnsw_config": {"m": 0},
        "shard_number": 3,
        "replication_factor": 2,
        "write_consistency_factor": 2,
    }


def test_the_alias_is_on_what_is_served_and_the_rest_of_this_knowledge_base_goes(rig: Rig) -> None:
    for name in ("s1", "s2", "s3"):
        rig.index().build(Place(name), ROWS[:9])
    other = Qdrant(url=rig.double.url)
    QdrantIndex(QdrantServer(other.url), other, "default--s1").build(Place("s1"), ROWS[:9])
    rig.index().serve(["s3", "s2"])
    assert rig.double.aliases == {"kbdial--default": "kbdial--default--s3--entries"}
    rig.index().serve(["s2"])
    assert rig.double.aliases == {"kbdial--default": "kbdial--default--s2--entries"}
    assert rig.names() == ["kbdial--default--s1--s1--entries", "kbdial--default--s2--entries"]


def publish(index: QdrantIndex) -> RowSearch:
    rows = index.build(Place("s2"), ROWS[::-1])
    index.serve(["s2", "s1"])
    return rows


class Cut(Exception):
    """As a process that ends here."""


@pytest.mark.parametrize("step", ["created", "written", "compared", "pointed", "dropped"])
def test_wherever_a_publication_is_cut_off_the_one_before_answers_and_the_next_clears_up(
    rig: Rig, step: str
) -> None:
    def cut(reached: str) -> None:
        if reached == step:
            raise Cut

    first = rig.index().build(Place("s1"), ROWS)
    rig.index().serve(["s1"])
    rig.index().build(Place("s0"), ROWS[:9])  # left over from long ago
    before = [(found.total, found.rows.tolist()) for found in first.search(ROWS[:1], PASSED)]
    with pytest.raises(Cut):
        publish(rig.index(reached=cut))
    again = rig.index().open(Place("s1"), first.arrays(), ROWS.shape)
    assert [(found.total, found.rows.tolist()) for found in again.search(ROWS[:1], PASSED)] == before
    rebuilt = publish(rig.index())
    assert rebuilt.search(ROWS[:1], PASSED)[0].total == before[0][0]
    assert rig.names() == ["kbdial--default--s1--entries", "kbdial--default--s2--entries"]
    assert rig.double.aliases == {"kbdial--default": "kbdial--default--s2--entries"}


@pytest.mark.parametrize("instead", [None, 500, 503])
def test_a_shard_that_is_away_is_an_error_and_never_a_shorter_list(rig: Rig, instead: int | None) -> None:
    rows = rig.index().build(Place("s1"), ROWS)
    rig.double.broken.append(instead)
    with pytest.raises(NotReady, match=r"the index at http://127.0.0.1:\d+ (does not answer|refused)"):
        rows.search(ROWS[:1], PASSED)


def test_a_server_that_is_away_is_left_alone_for_a_moment_and_then_asked_again(rig: Rig) -> None:
    rows = rig.index().build(Place("s1"), ROWS)
    rig.double.broken.append(503)
    assert rows.problem() == ""
    for _ in range(3):
        with pytest.raises(NotReady):
            rows.search(ROWS[:1], PASSED)
    asked = len(rig.double.heard)
    assert "refused with status 503" in rows.problem()
    assert len(rig.double.heard) == asked
    rig.clock.seconds += PAUSE_SECONDS
    assert rows.problem() == ""
    assert rows.search(ROWS[:1], PASSED)[0].total > 0


def test_points_that_are_lost_are_found_missing_within_a_minute(rig: Rig) -> None:
    rows = rig.index().build(Place("s1"), ROWS)
    rig.double.lose("kbdial--default--s1--entries", 7)
    rig.clock.seconds += COUNT_SECONDS
    with pytest.raises(NotReady, match="has 293 of 300 rows"):
        rows.search(ROWS[:1], PASSED)
    assert "has 293 of 300 rows" in rows.problem()


def test_a_point_that_is_wanted_and_not_there_is_an_error_at_once(rig: Rig) -> None:
    rows = rig.index().build(Place("s1"), ROWS)
    rig.double.lose("kbdial--default--s1--entries", 7)
    with pytest.raises(NotReady, match="does not have row 6"):
        rows.take(np.array([299, 6]))
    with pytest.raises(NotReady, match="gave 293 rows"):
        rows.search(ROWS[:1], [SearchSpec(0.1, top_k=300)])


def test_a_snapshot_whose_collection_is_not_whole_is_damaged(rig: Rig) -> None:
    kept = rig.index().build(Place("s1"), ROWS).arrays()
    rig.double.lose("kbdial--default--s1--entries", 1)
    with pytest.raises(SnapshotDamaged, match="299 of 300"):
        rig.index().open(Place("s1"), kept, ROWS.shape)
    rig.double.forget()
    with pytest.raises(SnapshotDamaged, match="has no collections/kbdial--default--s1--entries/points/count"):
        rig.index().open(Place("s1"), kept, ROWS.shape)


def test_an_index_that_compares_in_another_way_is_found_out_before_it_is_published(rig: Rig) -> None:
    class Quantised(Collection):
        def nearest(self, asks: Any) -> Any:
            return [dataclasses.replace(near, numbers=near.numbers + 0.01) for near in super().nearest(asks)]

    rig.index().build(Place("s1"), ROWS)
    store = Quantised(QdrantServer(rig.double.url), "kbdial--default--s1--entries", 24)
    with pytest.raises(NotReady, match="does not compare vectors by their products"):
        DistantRows(store, ROWS.shape, device="qdrant").compare_some(ROWS)
    with pytest.raises(NotReady, match="does not give back"):
        DistantRows(store, ROWS.shape, device="qdrant").compare_some(ROWS[::-1])


@pytest.mark.parametrize("dimension", [512, 2560])
def test_scores_and_neighbours_of_scores_are_thresholds_that_hold_at_any_width(
    rig: Rig, dimension: int
) -> None:
    rows = plain.clustered_rows(np.random.default_rng(5), 200, dimension)
    held = rig.index().build(Place("s1"), rows)
    scores = scores_of(rows, np.arange(200), rows[0])
    for score in scores[[3, 77]].tolist():
        for threshold in (score, math.nextafter(score, 2), math.nextafter(score, -2)):
            [found] = held.search(rows[:1], [SearchSpec(threshold, limit=10)])
            assert found.total == np.count_nonzero(scores >= threshold)


def test_an_engine_starts_while_its_index_is_away_says_so_and_answers_when_it_is_back(
    rig: Rig, tmp_path: Path
) -> None:
    given = some_settings(tmp_path, a_knowledge_base(tmp_path, "apple", "pear", "plum"))
    edges = Edges(load_encoder=lambda _: LetterEncoder(), indexes=lambda *_: lambda _: rig.index())
    with running(build(given, edges)) as engine:
        assert engine.texts("pear") == ["pear"]
    rig.double.broken.extend([None] * 99)
    with running(build(given, edges)) as engine:
        away = engine.client.get("/readyz")
        asked = engine.client.post("/v1/search", json={"query": "pear"})
        assert (away.status_code, asked.status_code) == (503, 503)
        assert away.get_json()["state"] == "loading"
        assert asked.get_json()["error"]["code"] == "not_ready"
        for said in (away.get_json()["reason"], asked.get_json()["error"]["message"]):
            assert "does not answer" in said
        rig.double.broken.clear()
        rig.clock.seconds += PAUSE_SECONDS
        assert engine.client.get("/readyz").status_code == 200
        assert engine.texts("pear") == ["pear"]


@contextmanager
def running(app: App) -> Iterator[RunningEngine]:
    app.open()
    try:
        yield RunningEngine(app).is_settled()
    finally:
        app.stop()
