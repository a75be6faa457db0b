"""Teaching and taking back in any order, through the routes: nothing else changes, and nothing stays."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.support.engine import RunningEngine, a_knowledge_base, an_engine, some_settings

TEXTS = ("how long does shipping take", "my parcel is late", "ways to pay", "退货要多久才能收到退款")
WORDS = ("parcel", "late", "pay", "card", "shipping", "退货", "多久", "refund")
BASES = ("cosine", "auto")
sayings = st.lists(st.sampled_from(WORDS), min_size=1, max_size=4).map(" ".join)
lessons = st.lists(st.tuples(st.integers(0, len(TEXTS) - 1), sayings), min_size=1, max_size=4)


@pytest.fixture(scope="module")
def engine(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningEngine]:
    folder: Path = tmp_path_factory.mktemp("teaching")
    bases = [a_knowledge_base(folder, *TEXTS, name=name, scoring=name) for name in BASES]
    with an_engine(some_settings(folder, *bases)) as running:
        for name in BASES:
            running.refresh(name)
        yield running.is_settled()


def answers(engine: RunningEngine, name: str, questions: list[str]) -> bytes:
    """What is answered at any threshold, but for the time it took and the snapshot it came from."""
    said = []
    varying = {"took_ms", "snapshot", "snapshot_number", "snapshot_at"}
    for question in questions:
        answer = engine.search(
            question, knowledge_base=name, threshold=-1, limit=20, keep=20, steps=["0.2", "0.6", "1"]
        )
        said.append({key: value for key, value in answer.items() if key not in varying})
    return json.dumps(said).encode()


def teach(engine: RunningEngine, name: str, entry: str, text: str) -> str | None:
    """Its id; None where an entry has that wording already."""
    body = {"text": text, "by": "Li", "because": "a gap"}
    answer = engine.client.post(f"/v1/knowledge-bases/{name}/entries/{entry}/wordings", json=body)
    if answer.status_code == 409:
        return None
    taught: dict[str, Any] = answer.get_json()
    engine.ended(taught["refresh"], name)
    return str(taught["id"])


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.sampled_from(BASES), lessons, st.lists(sayings, min_size=1, max_size=3), st.randoms())
def test_teaching_and_undoing_leave_the_bytes_of_every_answer_and_no_other_base_is_touched(
    engine: RunningEngine, name: str, taught: list[tuple[int, str]], questions: list[str], draw: Any
) -> None:
    [other] = set(BASES) - {name}
    asked = [*questions, *TEXTS, *(text for _, text in taught)]
    entries = [
        match["id"]
        for match in engine.search(TEXTS[0], knowledge_base=name, threshold=-1, limit=9)["matches"]
    ]
    entries.sort()
    before, beside = answers(engine, name, asked), answers(engine, other, asked)
    known = [(entries[entry], teach(engine, name, entries[entry], text)) for entry, text in taught]
    lessons = [(entry, wording) for entry, wording in known if wording]
    assert not lessons or answers(engine, name, asked) != before
    assert answers(engine, other, asked) == beside
    draw.shuffle(lessons)
    for entry, wording in lessons:
        gone = engine.client.delete(f"/v1/knowledge-bases/{name}/entries/{entry}/wordings/{wording}")
        assert gone.status_code == 204
    engine.refresh(name)
    assert answers(engine, name, asked) == before
    assert answers(engine, other, asked) == beside
