"""Calls of the engine's client: a question and its answer, a knowledge base, the code of a failure."""

from __future__ import annotations

from typing import Any

import pytest

from bot.domain import Clock, EngineError, Query
from bot.engine_client import EngineClient

QUERY = Query("sour fruit", "fruit", 0.5, 2)

FOUND: dict[str, Any] = {
    "knowledge_base": "fruit",
    "snapshot": "s1",
    "snapshot_at": "2026-05-04T12:00:00Z",
    "model": "letters",
    "threshold": 0.5,
    "total": 3,
    "best_score": 0.9,
    "matches": [
        {
            "rank": 1,
            "id": "e1",
            "text": "lemon",
            "answer": "yes",
            "score": 0.9,
            "cosine": 0.9,
            "keyword": None,
        },
        {"rank": 2, "id": "e2", "text": "lime", "score": 0.8, "fields": {"colour": "green"}},
    ],
    "scores": [{"id": "e1", "score": 0.9}, {"id": "e2", "score": 0.8}, {"id": "e9", "score": -0.1}],
    "took_ms": 1.5,
}

SHOP = {
    "name": "shop",
    "size": 80,
    "model": "letters",
    "dimension": 26,
    "snapshot": "s1",
    "snapshot_at": "2026-05-04T12:00:00Z",
    "threshold": 0.6,
    "last_refresh": {"id": "r1", "state": "done", "error": None},
    "next_refresh": None,
    "refreshing": False,
    "progress": None,
    "device": "cpu",
}


class SettableClock(Clock):
    def __init__(self) -> None:
        self.time = 1_000_000.0
        super().__init__(wall=lambda: self.time, monotonic=lambda: self.time)


def code_of(client: EngineClient, query: Query = QUERY) -> str:
    with pytest.raises(EngineError) as raised:
        client.search(query)
    return raised.value.code
