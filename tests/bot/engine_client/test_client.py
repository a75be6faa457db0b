from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from bot.domain import EngineError, FailedSource, Found, KnowledgeBase, LeftOut, Match, Refreshed
from bot.engine_client import Added, EngineClient, Entry, Loading, Ready
from tests.bot.engine_client.searching import FOUND, QUERY, SHOP, code_of
from tests.support.engine_server import Behaviour, EngineServer, answer, error, head


def test_a_search_asks_what_the_contract_says(client: EngineClient, server: EngineServer) -> None:
    found = client.search(QUERY)
    assert found == Found(
        knowledge_base="fruit",
        snapshot="s1",
        snapshot_at=datetime(2026, 5, 4, 12, tzinfo=UTC),
        model="letters",
        threshold=0.5,
        total=3,
        best_score=0.9,
        matches=(
            Match(1, "e1", "lemon", 0.9, answer="yes", cosine=0.9),
            Match(2, "e2", "lime", 0.8),
        ),
        scores=(("e1", 0.9), ("e2", 0.8), ("e9", -0.1)),
    )
    asked = server.heard[0]
    assert (asked.method, asked.path, asked.headers["Authorization"]) == (
        "POST",
        "/v1/search",
        "Bearer secret",
    )
    assert asked.json == {
        "query": "sour fruit",
        "knowledge_base": "fruit",
        "threshold": 0.5,
        "limit": 2,
        "offset": 0,
        "keyword_weight": 0.0,
        "keep": 200,
    }


def test_an_empty_knowledge_base_is_an_answer(client: EngineClient, server: EngineServer) -> None:
    server.usual = answer(200, {**FOUND, "total": 0, "best_score": None, "matches": [], "scores": []})
    assert client.search(QUERY).best_score is None


def test_a_score_equal_to_the_threshold_passes(client: EngineClient, server: EngineServer) -> None:
    matches = [{"rank": 1, "id": "e1", "text": "lemon", "score": 0.5}]
    server.usual = answer(200, {**FOUND, "total": 1, "best_score": 0.5, "matches": matches, "scores": None})
    assert client.search(QUERY).total == 1


@pytest.mark.parametrize(
    "lie",
    [
        {"knowledge_base": "shop"},
        {"threshold": 0.4},
        {"threshold": "0.5"},
        {"threshold": True},
        {"total": 2, "matches": FOUND["matches"][:1]},
        {"total": 1},
        {"total": -1},
        {"total": 0, "matches": []},
        {"best_score": 0.3},
        {"best_score": None},
        {"best_score": 0.85},
        {"snapshot": None},
        {"snapshot_at": "yesterday"},
        {"snapshot_at": "2026-05-04T12:00:00"},
        {"matches": [FOUND["matches"][1], FOUND["matches"][0]]},
        {"matches": [{**FOUND["matches"][0], "rank": 2}, FOUND["matches"][1]]},
        {"matches": [FOUND["matches"][0], {**FOUND["matches"][1], "score": 0.4999}]},
        {"matches": [FOUND["matches"][0], {**FOUND["matches"][1], "score": 0.95}]},
        {"matches": [{**FOUND["matches"][0], "text": None}, FOUND["matches"][1]]},
        {"matches": [{**FOUND["matches"][0], "score": 1.5}, FOUND["matches"][1]], "best_score": 1.5},
        {"scores": [{"id": "e1", "score": 0.1}, {"id": "e2", "score": 0.9}]},
    ],
    ids=str,
)
def test_an_answer_that_cannot_be_true_is_no_answer(
    client: EngineClient, server: EngineServer, lie: dict[str, Any]
) -> None:
    server.usual = answer(200, {**FOUND, **lie})
    assert code_of(client) == "away"


def test_infinity_is_no_score(client: EngineClient, server: EngineServer) -> None:
    server.usual = answer(200, {**FOUND, "best_score": float("inf")})
    assert code_of(client) == "away"


def test_knowledge_bases_are_listed(client: EngineClient, server: EngineServer) -> None:
    shop = KnowledgeBase(
        name="shop",
        size=80,
        threshold=0.6,
        snapshot="s1",
        snapshot_at=datetime(2026, 5, 4, 12, tzinfo=UTC),
        model="letters",
        dimension=26,
        refreshing=False,
    )
    server.usual = answer(200, {"knowledge_bases": [SHOP, {**SHOP, "name": "空", "threshold": None}]})
    assert client.knowledge_bases() == (shop, replace(shop, name="空", threshold=None))
    server.usual = answer(200, SHOP)
    assert client.knowledge_base("shop") == shop


def test_another_knowledge_base_than_asked_for_is_no_answer(
    client: EngineClient, server: EngineServer
) -> None:
    server.usual = answer(200, SHOP)
    with pytest.raises(EngineError) as raised:
        client.knowledge_base("fruit")
    assert raised.value.code == "away"


def test_entries_are_added_as_lines(client: EngineClient, server: EngineServer) -> None:
    server.usual = answer(
        201,
        {
            "added": [{"id": "m1", "text": "梨", "answer": "甜"}],
            "repeated": [{"id": "m0", "text": "lemon"}],
            "dropped": [{"line": 3, "reason": "no letter or digit"}],
            "refresh": "r7",
        },
    )
    assert client.add_entries("fruit", "梨 => 甜\nlemon\n--") == Added(
        added=(Entry("m1", "梨"),),
        repeated=(Entry("m0", "lemon"),),
        dropped=(LeftOut("3", "no letter or digit"),),
        refresh="r7",
    )
    asked = server.heard[0]
    assert (asked.method, asked.path) == ("POST", "/v1/knowledge-bases/fruit/entries")
    assert (asked.body.decode(), asked.headers["Content-Type"]) == (
        "梨 => 甜\nlemon\n--",
        "text/plain; charset=utf-8",
    )


@pytest.mark.parametrize(
    ("behaviour", "code"),
    [(error(404, "unknown_entry"), "unknown_entry"), (error(409, "foreign_entry"), "foreign_entry")],
)
def test_an_entry_that_cannot_be_removed_says_why(
    client: EngineClient, server: EngineServer, behaviour: Behaviour, code: str
) -> None:
    server.answers.extend([lambda call: call.write(head(204, {})), behaviour])
    client.remove_entry("fruit", "m1")
    with pytest.raises(EngineError) as raised:
        client.remove_entry("fruit", "m2")
    assert (raised.value.code, [(asked.method, asked.path) for asked in server.heard]) == (
        code,
        [("DELETE", f"/v1/knowledge-bases/fruit/entries/{entry}") for entry in ("m1", "m2")],
    )


def test_a_refresh_can_be_followed(client: EngineClient, server: EngineServer) -> None:
    failed = {**SHOP, "last_refresh": {"id": "r2", "state": "failed", "error": "no such file"}}
    moment = "2026-05-04T12:00:00Z"
    source = {"source": "faq.csv", "reason": "faq.csv is gone", "kept": 3, "since": moment}
    done = {
        **SHOP,
        "last_refresh": {
            "id": "r2",
            "state": "done",
            "read": 9,
            "kept": 7,
            "added": 2,
            "changed": 1,
            "removed": 4,
            "dropped_total": 12,
            "dropped": [{"where": "a.csv:3", "reason": "blank", "code": "blank", "details": {}}],
            "failed_sources": [{**source, "code": "missing", "failing_since": moment, "details": {}}],
        },
    }
    server.answers.extend(
        [answer(202, {"refresh": "r2"}), *(answer(200, one) for one in (SHOP, failed, done))]
    )
    refresh = client.refresh("shop")
    at = datetime(2026, 5, 4, 12, tzinfo=UTC)
    assert [client.refresh_state("shop", refresh) for _ in range(3)] == [
        None,
        Refreshed("r2", "failed", error="no such file"),
        Refreshed(
            id="r2",
            state="done",
            read=9,
            kept=7,
            added=2,
            changed=1,
            removed=4,
            left_out_total=12,
            left_out=(LeftOut("a.csv:3", "blank", "blank"),),
            failed=(FailedSource("faq.csv", "faq.csv is gone", "missing", 3, at, at),),
        ),
    ]


def test_an_engine_that_is_beginning_says_how_far_it_is(client: EngineClient, server: EngineServer) -> None:
    beginning = {"ready": False, "state": "loading", "reason": "the model is loading", "progress": None}
    embedding = beginning | {"state": "embedding", "progress": {"done": 3, "total": 9, "per_second": None}}
    server.answers.extend([answer(503, beginning), answer(503, embedding)])
    assert [client.loading(), client.loading()] == [Loading(), Loading(3, 9)]
    ready = {"ready": True, "device": "cpu", "model": "letters"}
    nothing_to_wait_for = [
        answer(200, ready),
        answer(503, beginning | {"state": "failed"}),
        answer(503, b"<html>"),
        answer(500, beginning),
    ]
    server.answers.extend(nothing_to_wait_for)
    assert [client.loading() for _ in nothing_to_wait_for] == [None] * 4


def test_readiness_names_device_and_model(client: EngineClient, server: EngineServer) -> None:
    server.usual = answer(200, {"ready": True, "device": "cpu", "model": "letters"})
    assert client.ready() == Ready("cpu", "letters")
