from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.domain import EncoderFailed, Entry
from engine.index.parts import Parts
from engine.index.scan import ScanIndex
from engine.index.score import scores_of
from engine.index.scoring import Scoring
from engine.index.snapshot import ModelIdentity, Snapshot, Vectors
from tests.support.engine import MIDDAY, LetterEncoder, a_snapshot


def of_rows(
    rows: Vectors,
    ids: list[str] | None = None,
    texts: list[str] | None = None,
    parts: Parts | None = None,
) -> Snapshot:
    names = ids or [f"{number:04d}" for number in range(len(rows) - (len(parts.texts) if parts else 0))]
    entries = [
        Entry(id=name, text=text) for name, text in zip(names, texts or [f"t{n}" for n in names], strict=True)
    ]
    width = rows.shape[1]
    return Snapshot.of(
        id="s",
        knowledge_base="default",
        created=MIDDAY,
        model=ModelIdentity("random", width, "random"),
        entries=entries,
        vectors=rows,
        index=ScanIndex(),
        parts=parts,
    )


def unit_rows(seed: int, count: int, width: int, kind: str) -> Vectors:
    """Random directions, or ones that are hard to tell apart, or repeated ones."""
    random = np.random.default_rng(seed)
    rows = random.standard_normal((count, width))
    if kind == "clustered":
        rows = rows[:1] + rows * 1e-4
    if kind == "duplicated":
        rows = rows[random.integers(0, max(1, count // 3), count)]
    if kind == "opposed":
        rows[1::2] = -rows[: len(rows[1::2])]
    rows = rows.astype(np.float32)
    unit: Vectors = (rows / np.linalg.norm(rows.astype(np.float64), axis=1, keepdims=True)).astype(np.float32)
    return unit


def plainly(
    snapshot: Snapshot,
    vector: Vectors,
    text: str = "no such text",
    scoring: str = "cosine",
    weight: float = 0,
) -> list[tuple[str, float, float]]:
    """Every entry's id, score and ranking by a loop over entries, best score first."""
    question = snapshot.keywords.questions([text])[0]
    cosines = [
        max(
            float(scores_of(each[None], np.zeros(1, np.int64), vector)[0])
            for each in (snapshot.vectors[row], *passages_in(snapshot, row))
        )
        for row in range(snapshot.size)
    ]
    nearest = max(range(snapshot.size), key=lambda row: (cosines[row], -row))
    is_other_language = snapshot.keywords.is_other_language(question, nearest)
    scored = []
    for row, (entry, cosine) in enumerate(zip(snapshot.entries, cosines, strict=True)):
        keyword = 0.0 if is_other_language else float(snapshot.keywords.of_rows(question, np.array([row]))[0])
        score = min(1.0, cosine + keyword * (1 - cosine)) if scoring == "either" else cosine
        scored.append((entry.id, score, (1 - weight) * score + weight * keyword if weight else score))
    return sorted(scored, key=lambda each: (-each[1], each[0]))


def passages_in(snapshot: Snapshot, row: int) -> Vectors:
    held = snapshot.passages
    if held is None:
        return snapshot.vectors[:0]
    return held.scan.take(np.arange(held.starts[row], held.starts[row + 1]))


shapes = st.tuples(
    st.integers(0, 2**32 - 1),
    st.integers(1, 40),
    st.sampled_from([2, 3, 16, 65]),
    st.sampled_from(["random", "clustered", "duplicated", "opposed"]),
)


WORDS = ["退货", "快递", "怎么", "发票", "refund", "order", "SF-1042", "wifi", "多久", "到"]
sayings = st.lists(st.sampled_from(WORDS), min_size=1, max_size=6).map(" ".join)


@settings(max_examples=100)
@given(shapes, st.data())
def test_search_equals_a_loop_over_the_entries(shape: tuple[int, int, int, str], data: st.DataObject) -> None:
    seed, count, width, kind = shape
    rows = unit_rows(seed, count + 1, width, kind)
    texts = data.draw(st.lists(sayings, min_size=count, max_size=count))
    starts = np.cumsum([0, *data.draw(st.lists(st.integers(0, 3), min_size=count, max_size=count))])
    parts = Parts(["part"] * int(starts[-1]), starts, None)
    all_rows = np.append(rows[1:], unit_rows(seed + 1, len(parts.texts), width, kind), axis=0)
    snapshot, vector, text = (
        of_rows(all_rows, texts=[f"{each}." for each in texts], parts=parts),
        rows[0],
        data.draw(sayings),
    )
    scoring: Scoring = data.draw(st.sampled_from(["cosine", "either"]))
    weight = data.draw(st.sampled_from([0.0, 0.25, 1.0]))
    scored = plainly(snapshot, vector, text, scoring, weight)

    threshold = data.draw(
        st.sampled_from([0.0, 1.0, -1.0, -0.25, 0.5, *(score for _, score, _ in scored)])
        | st.floats(-1, 1, allow_nan=False)
    )
    limit, offset, keep = (data.draw(st.integers(low, 50)) for low in (1, 0, 0))
    found = snapshot.matches(
        text,
        vector,
        threshold=threshold,
        limit=limit,
        offset=offset,
        keep=keep,
        keyword_weight=weight,
        scoring=scoring,
    )

    passing = sorted((each for each in scored if each[1] >= threshold), key=lambda each: (-each[2], each[0]))
    shown = [(match.entry.id, match.score, match.ranking) for match in found.matches]
    assert shown == passing[offset : offset + limit]
    assert [match.rank for match in found.matches] == list(range(offset + 1, offset + 1 + len(found.matches)))
    assert found.total == len(passing)
    assert found.best_score == scored[0][1]
    assert list(found.scores) == [(name, score) for name, score, _ in scored[:keep]]


def test_a_score_used_as_threshold_finds_its_entry_again() -> None:
    rows = unit_rows(7, 3001, 512, "clustered")
    snapshot, vector = of_rows(rows[1:]), rows[0]
    found = snapshot.matches("?", vector, threshold=-1, limit=3000)
    for match in found.matches[::300]:
        again = snapshot.matches("?", vector, threshold=match.score, limit=3000)
        assert again.matches[again.total - 1].score == match.score
        assert again.total >= match.rank
        above = math.nextafter(match.score, 2)
        assert snapshot.matches("?", vector, threshold=above, limit=1).total < match.rank


def test_the_best_few_are_the_head_of_the_whole_ranking() -> None:
    for seed in range(2):
        rows = unit_rows(seed, 4001, 512, "clustered")
        snapshot, vector = of_rows(rows[1:]), rows[0]
        whole = snapshot.matches("?", vector, threshold=-1, limit=4000).matches
        for limit in range(1, 60, 3):
            assert snapshot.matches("?", vector, threshold=-1, limit=limit).matches == whole[:limit]


def test_a_score_does_not_depend_on_the_other_entries() -> None:
    rows = unit_rows(11, 2000, 512, "random")
    vector = rows[0]
    alone = [
        of_rows(rows[place : place + 1]).matches("?", vector, threshold=-1, limit=1).matches[0].score
        for place in range(0, 2000, 50)
    ]
    together = of_rows(rows).matches("?", vector, threshold=-1, limit=2000)
    scores = {match.entry.id: match.score for match in together.matches}
    assert alone == [scores[f"{place:04d}"] for place in range(0, 2000, 50)]


def test_equal_scores_come_in_the_order_of_their_ids() -> None:
    rows = np.repeat(unit_rows(1, 1, 8, "random"), 4, axis=0)
    found = of_rows(rows, ids=["d", "b", "c", "a"]).matches("?", rows[0], threshold=0, limit=4)
    assert [match.entry.id for match in found.matches] == ["a", "b", "c", "d"]


def test_the_same_text_scores_exactly_one_whatever_the_vectors_say() -> None:
    rows = unit_rows(3, 3, 16, "random")
    snapshot = of_rows(rows[1:], ids=["a", "b"], texts=["Ｗhere is it？", "elsewhere"])
    found = snapshot.matches("  Where is it?\n", rows[0], threshold=1, limit=5, keep=2)
    assert [(match.entry.id, match.score) for match in found.matches] == [("a", 1.0)]
    assert (found.total, found.best_score, found.scores[0]) == (1, 1.0, ("a", 1.0))


def test_no_score_leaves_the_scale() -> None:
    row = np.full((1, 3), 1 / np.sqrt(3), dtype=np.float32)
    longer = (row * (1 + 4e-4)).astype(np.float32)
    best = of_rows(longer).matches("?", longer[0], threshold=1, limit=1)
    worst = of_rows(longer).matches("?", -longer[0], threshold=-1, limit=1)
    assert (best.best_score, worst.best_score) == (1.0, -1.0)


def test_an_empty_knowledge_base_has_no_best_score() -> None:
    found = a_snapshot().matches(
        "x", LetterEncoder().encode(["x"], "query")[0], threshold=-1, limit=5, keep=5
    )
    assert (found.matches, found.total, found.best_score, found.scores) == ((), 0, None, ())


@pytest.mark.parametrize(
    ("row", "says"),
    [
        ([math.nan, 0.0], "length nan"),
        ([math.inf, 0.0], "length inf"),
        ([0.9, 0.0], "length 0.9"),
        ([0.0, 0.0], "length 0.0"),
    ],
)
def test_a_vector_that_is_no_direction_is_refused(row: list[float], says: str) -> None:
    with pytest.raises(EncoderFailed, match=says):
        of_rows(np.array([[1.0, 0.0], row], dtype=np.float32))


def test_two_entries_with_one_id_are_refused() -> None:
    with pytest.raises(ValueError, match="same id"):
        of_rows(unit_rows(1, 2, 4, "random"), ids=["a", "a"])


def test_a_snapshot_cannot_be_written_to() -> None:
    with pytest.raises(ValueError, match="read-only"):
        a_snapshot("abc").vectors[0, 0] = 2
