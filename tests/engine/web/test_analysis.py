from __future__ import annotations

import base64
import json
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from concurrent.futures import wait as wait_for_all
from pathlib import Path
from typing import Any

import pytest

from engine.config import Model
from engine.encoder import load
from tests.support.engine import (
    WAIT_SECONDS,
    HeldEncoder,
    RunningEngine,
    a_knowledge_base,
    an_engine,
    some_settings,
)
from tests.support.hang_guard import hang_guard

LABELS = [
    {"score": 0.9, "relevant": True},
    {"score": 0.7, "relevant": True},
    {"score": 0.6, "relevant": False},
    {"score": 0.2, "relevant": False},
]


@pytest.fixture(scope="module")
def engine(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningEngine]:
    folder = tmp_path_factory.mktemp("engine")
    with an_engine(some_settings(folder, a_knowledge_base(folder, "apple", "pear"))) as running:
        yield running.is_settled()


def post(engine: RunningEngine, path: str, body: Any) -> tuple[int, Any]:
    data = body if isinstance(body, bytes) else json.dumps(body)
    answer = engine.client.post(path, data=data, content_type="application/json")
    return answer.status_code, answer.get_json()


def test_labels_become_a_threshold_with_a_picture(engine: RunningEngine) -> None:
    status, found = post(
        engine, "/v1/evaluate", {"labels": LABELS, "threshold": 0.4, "precision": 0.2, "points": 3}
    )
    assert status == 200
    assert (found["labels"], found["relevant"], found["groups"]) == (4, 2, 1)
    assert (found["best"]["threshold"], found["best"]["suggested"], found["best"]["f1"]) == (0.7, 0.7, 1.0)
    assert found["best"]["at_suggested"]["kept"] == 2
    assert found["wanted"]["threshold"] == 0.7
    assert found["wanted"]["lower_bound"] == pytest.approx(0.05**0.5)
    assert found["current"]["precision"] == pytest.approx(2 / 3)
    assert [point["threshold"] for point in found["curve"]] == [0.2, 0.7, 0.9]
    assert (found["method"], found["confidence"]) == ("Clopper-Pearson", 0.95)
    assert base64.b64decode(found["picture"]).startswith(b"\x89PNG")


def test_no_picture_is_drawn_where_none_is_wanted(engine: RunningEngine) -> None:
    status, found = post(engine, "/v1/evaluate", {"labels": LABELS[:1], "picture": False})
    assert (status, found["picture"], found["wanted"], found["current"]) == (200, None, None, None)


@pytest.mark.parametrize(
    ("path", "body", "status", "says"),
    [
        ("/v1/evaluate", b"{", 400, "not valid JSON"),
        ("/v1/evaluate", {}, 422, "labels is missing"),
        ("/v1/evaluate", {"labels": []}, 422, "labels must have at least 1 item (got [])"),
        ("/v1/evaluate", {"labels": [{"score": 2, "relevant": True}]}, 422, "labels.0.score"),
        ("/v1/evaluate", b'{"labels": [{"score": NaN, "relevant": true}]}', 422, "labels.0.score"),
        ("/v1/evaluate", {"labels": LABELS, "precision": 1}, 422, "precision must be"),
        ("/v1/evaluate", {"labels": LABELS * 5001}, 422, "at most 20000"),
        ("/v1/evaluate", {"labels": LABELS, "colour": "red"}, 422, "colour is not a field"),
        ("/v1/inspect", {}, 422, "text is missing"),
        ("/v1/inspect", {"text": " \u200b"}, 422, "visible character"),
        ("/v1/groups", {"texts": []}, 422, "texts must have at least 1 item"),
        ("/v1/groups", {"texts": ["apple", " "]}, 422, "texts.1 must hold"),
        ("/v1/groups", {"texts": ["apple"] * 1001}, 422, "at most 1000"),
        ("/v1/groups", {"texts": ["apple"], "similarity": 2}, 422, "similarity must be"),
    ],
)
def test_a_wrong_body_is_answered_with_the_reason(
    engine: RunningEngine, path: str, body: Any, status: int, says: str
) -> None:
    got, answer = post(engine, path, body)
    assert got == status
    assert says in answer["error"]["message"]


def test_a_text_is_inspected(engine: RunningEngine) -> None:
    status, seen = post(engine, "/v1/inspect", {"text": "apple", "picture": True})
    assert status == 200
    assert (seen["model"], seen["fingerprint"], seen["dimension"]) == ("letters", "letters", 27)
    assert seen["norm"] == pytest.approx(1, abs=1e-5)
    assert len(seen["values"]) == 27
    assert sum(seen["histogram"]["counts"]) == 27
    assert seen["tokens"] is None  # this model has none
    assert base64.b64decode(seen["picture"]).startswith(b"\x89PNG")


def test_texts_are_grouped(engine: RunningEngine) -> None:
    status, found = post(engine, "/v1/groups", {"texts": ["apple", "zoo", "pleap"], "similarity": 0.9})
    assert (status, found["groups"]) == (200, [[0, 2], [1]])


def test_the_bundled_model_counts_its_tokens(tmp_path: Path) -> None:
    settings = some_settings(tmp_path, a_knowledge_base(tmp_path, "apple"))
    with an_engine(settings, lambda: load(Model())) as engine:
        engine.is_settled()
        status, seen = post(engine, "/v1/inspect", {"text": "how do I return an order"})
    assert status == 200
    assert 6 <= seen["tokens"] <= 12
    assert (seen["dimension"], len(seen["values"]), seen["picture"]) == (512, 50, None)


def test_what_a_knowledge_base_does_to_scores_is_part_of_their_fingerprint(tmp_path: Path) -> None:
    """A threshold belongs to one scale: cosines of one model under one instruction, or "either"."""
    bases = [
        a_knowledge_base(tmp_path, "apple", name="plain"),
        a_knowledge_base(tmp_path, "apple", name="either", scoring="either"),
    ]
    with an_engine(some_settings(tmp_path, *bases)) as engine:
        engine.is_settled()
        prints = {}
        for name in ("plain", "either"):
            prints[name] = engine.search("apple", knowledge_base=name)["fingerprint"]
            shown = engine.client.get(f"/v1/knowledge-bases/{name}").get_json()
            assert shown["fingerprint"] == prints[name]
    assert prints["plain"] == "letters"
    assert prints["either"] != "letters"


def test_those_who_inspect_take_no_thread_while_they_wait_for_the_model(tmp_path: Path) -> None:
    held = HeldEncoder()
    settings = some_settings(tmp_path, a_knowledge_base(tmp_path), web_threads=4)
    with an_engine(settings, lambda: held) as engine, ThreadPoolExecutor(9) as pool, hang_guard():
        batcher = engine.app.knowledge.batcher
        assert batcher.wait_until_loaded(WAIT_SECONDS)
        body = {"text": "apple", "picture": False}
        inspecting = [pool.submit(post, engine, "/v1/inspect", body)]
        assert held.waits.acquire(timeout=WAIT_SECONDS)  # the first, alone
        inspecting += [pool.submit(post, engine, "/v1/inspect", body) for _ in range(7)]
        while batcher.waiting < 7 and not inspecting[0].done():
            wait_for_all(inspecting, timeout=0.001)
        waiting = batcher.waiting
        assert engine.client.get("/readyz").status_code in {200, 503}, "it needs a thread"
        held.go.release(100)
        assert {each.result(WAIT_SECONDS)[0] for each in inspecting} == {200}
    assert waiting == 7
