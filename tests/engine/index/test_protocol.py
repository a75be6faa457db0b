"""What an index promises, tested once and run for each kind of the registry, and for a toy.

A kind has a module `tests/engine/index/NAME/rig.py` with one context, `an_index_table(folder)`: while it
is open, the table that it gives leads to an index. Nothing here names a kind.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from importlib import import_module
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings

from engine.domain import SnapshotDamaged
from engine.index.protocol import EarlierRows, Index, Kind, Place, RowSearch, SearchSpec
from engine.index.registry import KINDS
from engine.index.score import Floats, scores_of
from engine.index.snapshot import Snapshot
from engine.storage.snapshot_store import SnapshotStore
from tests.engine.index.margin_cases import is_exact
from tests.engine.index.scan import plain
from tests.engine.index.scan.cases import cases, random_case
from tests.engine.index.toy import index as toy
from tests.support.engine import A_LONG_TEXT, MIDDAY, LetterEncoder, a_snapshot

every = pytest.mark.parametrize("kind", [*KINDS, toy.KIND], ids=lambda kind: kind.name)
ROWS = plain.random_rows(np.random.default_rng(1), 300, 24)


@contextmanager
def an_index(kind: Kind[Any], folder: Path) -> Iterator[Index]:
    _, name, _ = kind.table.__module__.rsplit(".", 2)
    with import_module(f"tests.engine.index.{name}.rig").an_index_table(folder) as table:
        yield kind.make(kind.table.model_validate(table), "default", lambda: "cpu")


def found_by(rows: RowSearch, questions: Floats) -> list[tuple[int, list[int], list[float]]]:
    answers = rows.search(questions, [SearchSpec(0.1, top_k=20)] * len(questions))
    return [(each.total, each.rows.tolist(), each.scores.tolist()) for each in answers]


@every
@settings(max_examples=15)
@given(case=cases())
def test_what_is_found_is_what_a_loop_over_all_rows_finds(
    kind: Kind[Any], case: tuple[Floats, Floats, list[SearchSpec]]
) -> None:
    """Thresholds that are, miss, or just reach a score; equal rows; all rows, and none."""
    matrix, questions, wanted = case
    with TemporaryDirectory() as folder, an_index(kind, Path(folder)) as index:
        assert is_exact(index.build(Place("s1"), matrix), matrix, questions, wanted)


@pytest.mark.soak
@every
def test_ten_thousand_questions_are_answered_as_by_a_loop(kind: Kind[Any], tmp_path: Path) -> None:
    with an_index(kind, tmp_path) as index:
        for seed in range(200):
            matrix, questions, wanted = random_case(seed, 50)
            rows = index.build(Place(f"s{seed}"), matrix)
            assert is_exact(rows, matrix, questions, wanted), seed
            index.serve([f"s{seed}"])


@every
def test_rows_are_given_and_scored_as_they_were_handed_in(kind: Kind[Any], tmp_path: Path) -> None:
    some = np.array([7, 299, 0, 7])
    with an_index(kind, tmp_path) as index:
        rows = index.build(Place("s1"), ROWS)
        assert len(rows) == 300
        assert rows.device
        assert np.array_equal(rows.take(some), ROWS[some])
        assert rows.take(some[:0]).shape == (0, 24)
        assert rows.scores(some, ROWS[1]).tolist() == scores_of(ROWS, some, ROWS[1]).tolist()


@every
def test_rows_built_from_earlier_ones_are_rows_built_anew(kind: Kind[Any], tmp_path: Path) -> None:
    kept = np.where(np.arange(300) % 3, np.arange(300), -1)
    changed = np.where(kept[:, None] >= 0, ROWS, ROWS[::-1])
    with an_index(kind, tmp_path) as index:
        old = index.build(Place("s1"), ROWS)
        new = index.build(Place("s2"), changed, EarlierRows(old, kept))
        assert found_by(new, ROWS[:9]) == found_by(index.build(Place("s3"), changed), ROWS[:9])
        assert found_by(old, ROWS[:9]) == found_by(index.build(Place("s4"), ROWS), ROWS[:9])


@every
def test_rows_are_opened_by_what_their_folder_kept(kind: Kind[Any], tmp_path: Path) -> None:
    with an_index(kind, tmp_path) as index:
        built = {part: index.build(Place("s1", part), ROWS[start:]) for start, part in enumerate(PARTS)}
        for start, part in enumerate(PARTS):
            opened = index.open(Place("s1", part), built[part].arrays(), (300 - start, 24))
            assert found_by(index.beside_model(opened), ROWS[:5]) == found_by(built[part], ROWS[:5])
            with pytest.raises((SnapshotDamaged, KeyError, ValueError)):
                index.open(Place("s1", part), built[part].arrays(), (301, 24))


PARTS: tuple[Any, ...] = ("entries", "passages")


def said(snapshot: Snapshot | None) -> list[Any]:
    """What it answers, over texts and passages."""
    assert snapshot is not None
    questions = ["apple", "plum", A_LONG_TEXT[-80:]]
    vectors = LetterEncoder().encode(questions, "query")
    return [
        (found.total, found.best_score, [(each.entry.id, each.score) for each in found.matches])
        for text, vector in zip(questions, vectors, strict=True)
        for found in [snapshot.matches(text, vector, threshold=0.3, limit=9, keep=9)]
    ]


@every
def test_snapshots_come_back_after_a_restart_and_a_rollback(kind: Kind[Any], tmp_path: Path) -> None:
    lists = {"s1": ("apple", A_LONG_TEXT), "s2": ("plum", "fig"), "s3": ("pear", A_LONG_TEXT, "plum")}
    plainly = {name: said(a_snapshot(*texts, id=name)) for name, texts in lists.items()}
    with an_index(kind, tmp_path / "own") as index:
        store = SnapshotStore(tmp_path / "snapshots", index)
        for name, texts in lists.items():
            store.publish(a_snapshot(*texts, id=name, index=index))
            assert said(store.current) == plainly[name]
        again = SnapshotStore(tmp_path / "snapshots", index)
        assert said(again.load()) == plainly["s3"]
        again.roll_back(again.before(), MIDDAY)
        assert said(again.current) == plainly["s2"]
        assert said(SnapshotStore(tmp_path / "snapshots", index).load()) == plainly["s2"]


@every
def test_what_is_not_served_any_more_is_not_kept(kind: Kind[Any], tmp_path: Path) -> None:
    with an_index(kind, tmp_path) as index:
        kept = {name: index.build(Place(name), ROWS).arrays() for name in ("s1", "s2", "s3")}
        index.serve(["s3", "s2"])
        with pytest.raises((SnapshotDamaged, KeyError, ValueError)):
            index.open(Place("s1"), {}, ROWS.shape)
        for name in ("s2", "s3"):
            assert len(index.open(Place(name), kept[name], ROWS.shape)) == 300
