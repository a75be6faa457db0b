"""The answers of an engine that is not ready, is asked too much, or has lost its model or its snapshot."""

from __future__ import annotations

import logging
import threading
from pathlib import Path
from typing import Any

import pytest

from engine.domain import EncoderFailed
from tests.support.engine import (
    WAIT_SECONDS,
    HeldEncoder,
    LetterEncoder,
    PickyEncoder,
    RunningEngine,
    a_knowledge_base,
    an_engine,
    some_settings,
)


def ask(engine: RunningEngine, text: str = "apple", knowledge_base: str = "default") -> Any:
    return engine.client.post("/v1/search", json={"query": text, "knowledge_base": knowledge_base})


def error_of(answer: Any) -> tuple[int, str]:
    return answer.status_code, answer.get_json()["error"]["code"]


def test_readiness_tells_what_is_missing(tmp_path: Path) -> None:
    held = HeldEncoder()
    settings = some_settings(tmp_path, a_knowledge_base(tmp_path, "apple", "pear"))
    with an_engine(settings, lambda: held) as engine:
        assert held.waits.acquire(timeout=WAIT_SECONDS)
        waiting = engine.client.get("/readyz")
        held.go.release(100)
        engine.is_settled()
        ready = engine.client.get("/readyz")
    assert (waiting.status_code, waiting.get_json()) == (
        503,
        {
            "ready": False,
            "state": "embedding",
            "reason": 'knowledge base "default" has no snapshot yet: 0 of 2 embedded',
            "progress": {"done": 0, "total": 2, "per_second": None},
        },
    )
    assert (ready.status_code, ready.get_json()) == (
        200,
        {"ready": True, "model": "letters", "device": "paper", "warnings": []},
    )


def test_one_broken_knowledge_base_does_not_hold_up_the_others(tmp_path: Path) -> None:
    broken = a_knowledge_base(tmp_path, name="broken").model_copy(update={"source": ("nowhere.txt",)})
    with an_engine(some_settings(tmp_path, a_knowledge_base(tmp_path, "apple"), broken)) as engine:
        ready = engine.is_settled().client.get("/readyz")
        assert ready.status_code == 200
        assert "nowhere.txt" in ready.get_json()["warnings"][0]
        assert error_of(ask(engine, knowledge_base="broken")) == (409, "no_snapshot")
        assert engine.texts("apple") == ["apple"]


def test_a_model_that_does_not_load_is_told(tmp_path: Path) -> None:
    def load() -> LetterEncoder:
        raise EncoderFailed("weights are missing")

    with an_engine(some_settings(tmp_path, a_knowledge_base(tmp_path, "apple")), load) as engine:
        assert not engine.app.knowledge.batcher.wait_until_loaded(WAIT_SECONDS)
        for path in ("/healthz", "/v1/knowledge-bases"):
            assert engine.client.get(path).status_code == 200
        ready = engine.client.get("/readyz")
        assert ready.status_code == 503
        assert "weights are missing" in ready.get_json()["reason"]
        answer = ask(engine)
        assert answer.status_code == 503
        assert answer.headers["Retry-After"] == "1"


def test_a_full_line_is_429_with_a_time_to_come_back(tmp_path: Path) -> None:

    class HeldQuestions(HeldEncoder):
        def encode(self, texts: Any, role: Any) -> Any:
            return super().encode(texts, role) if role == "query" else LetterEncoder.encode(self, texts, role)

    held = HeldQuestions()
    settings = some_settings(tmp_path, a_knowledge_base(tmp_path, "apple"), waiting_questions=1)
    with an_engine(settings, lambda: held) as engine:
        engine.is_settled()
        batcher = engine.app.knowledge.batcher
        asking = [threading.Thread(target=engine.search, args=["apple"]) for _ in range(2)]
        asking[0].start()
        assert held.waits.acquire(timeout=WAIT_SECONDS)
        asking[1].start()
        while batcher.waiting < 1:
            asking[1].join(0.001)
        answer = ask(engine)
        held.go.release(100)
        for each in asking:
            each.join(WAIT_SECONDS)
    assert error_of(answer) == (429, "overloaded")
    assert answer.headers["Retry-After"] == "1"


def test_a_model_that_breaks_is_503_and_the_next_question_is_answered(tmp_path: Path) -> None:
    with an_engine(some_settings(tmp_path, a_knowledge_base(tmp_path, "apple")), PickyEncoder) as engine:
        engine.is_settled()
        assert error_of(ask(engine, "poison")) == (503, "encoder_failed")
        assert engine.texts("apple") == ["apple"]


def test_a_damaged_snapshot_is_named_and_mended_by_the_next_refresh(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    settings = some_settings(tmp_path, a_knowledge_base(tmp_path, "apple"))
    with an_engine(settings) as engine:
        engine.is_settled()
    for path in (tmp_path / "data" / "snapshots" / "default").glob("*/vectors.safetensors"):
        path.write_bytes(path.read_bytes()[:-1])
    with caplog.at_level(logging.ERROR), an_engine(settings) as engine:
        assert engine.is_settled().texts("apple") == ["apple"]
        assert "damaged" in engine.client.get("/readyz").get_json()["warnings"][0]
    assert [record.message for record in caplog.records] == ["snapshot refused"]
    with an_engine(settings) as engine:
        assert engine.is_settled().client.get("/readyz").get_json()["warnings"] == []
