from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from starlette.routing import Route

from tests.support.engine import (
    MIDDAY,
    RunningEngine,
    a_knowledge_base,
    an_engine,
    some_settings,
)


@pytest.fixture(scope="module")
def engine(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningEngine]:
    folder = tmp_path_factory.mktemp("engine")
    (folder / "shop.jsonl").write_text(
        '{"id": "ship", "text": "how long does shipping take", "answer": "Two days.", "title": "Shipping",'
        ' "url": "https://shop.test/ship", "lang": "en"}\n',
        encoding="utf-8",
    )
    shop = a_knowledge_base(folder, name="shop", threshold=None).model_copy(
        update={"source": ("shop.jsonl",)}
    )
    default = a_knowledge_base(folder, "apple", "pear", "plum")
    with an_engine(some_settings(folder, default, shop)) as running:
        yield running.is_settled()


def body(**fields: Any) -> str:
    return json.dumps({"query": "apple", **fields})


def error_of(answer: Any) -> tuple[int, str, str]:
    error = answer.get_json()["error"]
    return answer.status_code, error["code"], error["message"]


def post(
    engine: RunningEngine, data: str | bytes, path: str = "/v1/search", kind: str = "application/json"
) -> Any:
    return engine.client.post(path, data=data, content_type=kind)


def test_an_answer_has_every_field_of_the_contract(engine: RunningEngine) -> None:
    answer = engine.search("how long does shipping take", knowledge_base="shop", keep=5)
    took = answer.pop("took_ms")
    assert took >= 0
    assert answer.pop("snapshot_at").startswith("2026-11-23T12:00:00")
    assert answer.pop("snapshot").startswith("20261123T120000")
    assert answer.pop("snapshot_number") >= MIDDAY.timestamp() * 1000
    assert answer == {
        "knowledge_base": "shop",
        "model": "letters",
        "fingerprint": "letters",
        "threshold": 0.4,
        "total": 1,
        "best_score": 1.0,
        "matches": [
            {
                "rank": 1,
                "id": "ship",
                "text": "how long does shipping take",
                "answer": "Two days.",
                "score": 1.0,
                "cosine": 1.0,
                "keyword": 1.0,
                "ranking": None,
                "source": "shop.jsonl",
                "title": "Shipping",
                "url": "https://shop.test/ship",
                "fields": {"lang": "en"},
                "wording": None,
                "passage": None,
                "also": [],
                "collapsed": 0,
            }
        ],
        "scores": [{"id": "ship", "score": 1.0}],
        "counts": None,
        "groups": None,
    }


def test_the_threshold_is_the_questions_else_the_knowledge_bases(engine: RunningEngine) -> None:
    assert engine.search("apple")["threshold"] == 0.8
    assert engine.search("apple", threshold=None)["threshold"] == 0.8
    assert engine.search("apple", threshold=-1)["total"] == 3


def test_a_score_from_the_wire_is_a_threshold_that_finds_its_entry(engine: RunningEngine) -> None:
    everything = engine.search("a plum", threshold=-1, limit=10)["matches"]
    for match in everything:
        again = engine.search("a plum", threshold=match["score"], limit=10)
        assert match["id"] in [each["id"] for each in again["matches"]]
        assert again["total"] == match["rank"]


def test_when_nothing_passes_the_best_score_is_told(engine: RunningEngine) -> None:
    answer = engine.search("zzz", threshold=1)
    assert (answer["total"], answer["matches"]) == (0, [])
    assert answer["best_score"] < 0.1


def test_pages_continue_where_the_last_one_ended(engine: RunningEngine) -> None:
    whole = engine.texts("apple", threshold=-1, limit=3)
    pages = [engine.texts("apple", threshold=-1, limit=1, offset=offset) for offset in range(4)]
    assert [text for page in pages for text in page] == whole


@pytest.mark.parametrize(
    ("data", "status", "code", "says"),
    [
        (b"", 400, "bad_request", "not valid JSON"),
        (b"{", 400, "bad_request", "not valid JSON"),
        (b'{"query": "\xff"}', 400, "bad_request", "not valid JSON"),
        (b'{"query": "\\ud800"}', 400, "bad_request", "not valid JSON"),
        (b"[" * 100_000, 400, "bad_request", "not valid JSON"),
        (b'{"query":' * 50_000, 400, "bad_request", "not valid JSON"),
        (b"[]", 422, "bad_value", "the body must be"),
        (b"{}", 422, "bad_value", "query is missing"),
        (body(query="").encode(), 422, "bad_value", 'query must have at least 1 character (got "")'),
        (body(query=" \u200b\n").encode(), 422, "bad_value", "visible character"),
        (body(query=7).encode(), 422, "bad_value", "query must be a valid string (got 7)"),
        (body(query="x" * 20_001).encode(), 422, "bad_value", "20000 characters"),
        (
            body(threshold=1.01).encode(),
            422,
            "bad_value",
            "threshold must be less than or equal to 1 (got 1.01",
        ),
        (body(threshold="0.5").encode(), 422, "bad_value", 'threshold must be a valid number (got "0.5")'),
        (b'{"query": "a", "threshold": NaN}', 422, "bad_value", "threshold must be"),
        (b'{"query": "a", "threshold": 1e999}', 422, "bad_value", "threshold must be"),
        (body(limit=0).encode(), 422, "bad_value", "limit must be greater than or equal to 1 (got 0)"),
        (body(limit=10**30).encode(), 422, "bad_value", "limit must be"),
        (body(limit=True).encode(), 422, "bad_value", "limit must be"),
        (body(offset=-1).encode(), 422, "bad_value", "offset must be"),
        (body(keep=201).encode(), 422, "bad_value", "keep must be"),
        (body(keyword_weight=1.5).encode(), 422, "bad_value", "keyword_weight must be"),
        (body(treshold=0.5).encode(), 422, "bad_value", "treshold is not a field"),
        (body(knowledge_base="nope").encode(), 404, "unknown_knowledge_base", '"nope", only "default"'),
    ],
)
def test_a_wrong_question_is_answered_with_the_reason(
    engine: RunningEngine, data: bytes, status: int, code: str, says: str
) -> None:
    got_status, got_code, message = error_of(post(engine, data))
    assert (got_status, got_code) == (status, code)
    assert says in message


def test_a_whole_number_may_be_written_with_a_point(engine: RunningEngine) -> None:
    assert len(engine.search("apple", threshold=-1, limit=2.0)["matches"]) == 2


def test_all_mistakes_are_named_at_once(engine: RunningEngine) -> None:
    _, _, message = error_of(post(engine, body(limit=0, threshold=9)))
    assert "limit must be" in message
    assert "threshold must be" in message


@pytest.mark.parametrize(
    "headers",
    [
        {"Content-Type": "text/plain"},
        {"Content-Type": "application/x-www-form-urlencoded"},
        {"Content-Type": ""},
        {"Content-Type": "application/json", "Content-Encoding": "gzip"},
        {"Content-Type": "application/json; charset=gbk"},
    ],
)
def test_a_body_of_another_kind_is_not_read(engine: RunningEngine, headers: dict[str, str]) -> None:
    status, code, _ = error_of(engine.client.post("/v1/search", data=body(), headers=headers))
    assert (status, code) == (415, "unsupported_media_type")


def test_a_body_over_the_limit_is_not_read(engine: RunningEngine) -> None:
    status, code, _ = error_of(post(engine, body() + " " * (1 << 20)))
    assert (status, code) == (413, "too_large")


def test_unknown_routes_and_methods_are_json_errors(engine: RunningEngine) -> None:
    assert error_of(engine.client.get("/v1/nothing"))[:2] == (404, "not_found")
    wrong = engine.client.get("/v1/search")
    assert error_of(wrong)[:2] == (405, "method_not_allowed")
    assert "POST" in wrong.headers["Allow"]


def test_a_knowledge_base_shows_what_is_served(engine: RunningEngine) -> None:
    shown = engine.client.get("/v1/knowledge-bases/default").get_json()
    assert shown["last_refresh"]["state"] == "done"
    assert {name: shown[name] for name in ("name", "size", "model", "dimension", "device", "threshold")} == {
        "name": "default",
        "size": 3,
        "model": "letters",
        "dimension": 27,
        "device": "paper",
        "threshold": 0.8,
    }
    assert (shown["refreshing"], shown["progress"], shown["next_refresh"]) == (False, None, None)
    listed = engine.client.get("/v1/knowledge-bases").get_json()["knowledge_bases"]
    assert [each["name"] for each in listed] == ["default", "shop"]
    assert error_of(engine.client.get("/v1/knowledge-bases/nope"))[:2] == (404, "unknown_knowledge_base")


def test_entries_come_and_go_through_the_managed_source(engine: RunningEngine) -> None:
    path = "/v1/knowledge-bases/default/entries"
    added = post(engine, "quince => sour\nquince\n\napple pie", path, "text/plain; charset=utf-8").get_json()
    assert [each["text"] for each in added["added"]] == ["quince", "apple pie"]
    assert engine.ended(added["refresh"])["state"] == "done"
    assert engine.texts("quince") == ["quince"]

    repeated = post(engine, "quince", path, "text/plain").get_json()
    assert [each["text"] for each in repeated["repeated"]] == ["quince"]

    page = engine.client.get(f"{path}?limit=2&offset=3").get_json()
    assert ([each["text"] for each in page["entries"]], page["total"]) == (["quince", "apple pie"], 5)

    for each in added["added"]:
        gone = engine.client.delete(f"{path}/{each['id']}")
        assert (gone.status_code, gone.data) == (204, b"")
    again = engine.client.delete(f"{path}/{added['added'][0]['id']}")
    assert error_of(again)[:2] == (404, "unknown_entry")
    engine.refresh()
    assert "quince" not in engine.texts("quince", threshold=-1, limit=10)


def test_an_entry_of_a_file_cannot_be_removed_here(engine: RunningEngine) -> None:
    status, code, message = error_of(engine.client.delete("/v1/knowledge-bases/shop/entries/ship"))
    assert (status, code) == (409, "foreign_entry")
    assert "shop.jsonl" in message


@pytest.mark.parametrize(
    ("data", "kind", "status"),
    [
        (b"", "text/plain", 422),
        (b" \n ", "text/plain", 422),
        ("名".encode("gb18030"), "text/plain", 422),
        (b"a,b\n1,2\n", "text/csv", 422),
        (b"{", "application/x-ndjson", 422),
        (b"x", "application/json", 415),
        (b"x" * (9 << 20), "text/plain", 413),
    ],
)
def test_a_list_that_cannot_be_read_changes_nothing(
    engine: RunningEngine, data: bytes, kind: str, status: int
) -> None:
    answer = post(engine, data, "/v1/knowledge-bases/shop/entries", kind)
    assert answer.status_code == status, answer.text
    assert engine.client.get("/v1/knowledge-bases/shop/entries").get_json()["total"] == 1


@pytest.mark.parametrize(
    "query", ["limit=0", "limit=x", "limit=-1", "offset=1e3", "limit=%EF%BC%91", "limit=1001"]
)
def test_a_wrong_page_is_answered_with_the_reason(engine: RunningEngine, query: str) -> None:
    answer = engine.client.get(f"/v1/knowledge-bases/default/entries?{query}")
    assert error_of(answer)[:2] == (422, "bad_value")


def test_metrics_count_what_happened(engine: RunningEngine) -> None:
    engine.refresh()  # what another test added and took away again is out by the end of this one
    engine.search("apple")
    page = engine.client.get("/metrics").text
    assert 'kbdial_engine_entries{knowledge_base="default"} 3.0' in page
    assert 'kbdial_engine_search_seconds_count{knowledge_base="default"}' in page
    assert 'kbdial_engine_http_requests_total{route="/v1/search",status="200"}' in page


def test_the_document_describes_every_route_and_no_other(engine: RunningEngine) -> None:
    described = engine.client.get("/openapi.json").get_json()["paths"]
    operations = {
        (path, method.upper())
        for path, item in described.items()
        for method in item
        if method != "parameters"
    }
    built = {
        (route.path.replace(":path}", "}"), method)
        for route in engine.app.web.routes
        if isinstance(route, Route)
        for method in route.methods or ()
        if route.path != "/openapi.json"
    }
    assert operations == built


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=5,
)
field_names = st.sampled_from(
    ["query", "knowledge_base", "threshold", "limit", "offset", "keep", "keyword_weight"]
)


@settings(max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.dictionaries(field_names, json_values) | json_values)
def test_no_json_breaks_the_search(engine: RunningEngine, value: Any) -> None:
    answer = post(engine, json.dumps(value))
    assert answer.status_code in {200, 400, 404, 422}
    assert answer.status_code == 200 or answer.get_json()["error"]["message"]


@settings(max_examples=100, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.binary(max_size=60), st.sampled_from(["text/plain", "text/csv", "application/x-ndjson"]))
def test_no_bytes_break_the_managed_entries(engine: RunningEngine, data: bytes, kind: str) -> None:
    answer = post(engine, data, "/v1/knowledge-bases/nope/entries", kind)
    assert answer.status_code == 404
    answer = post(engine, b'"' + data, "/v1/knowledge-bases/shop/entries", kind)
    assert answer.status_code in {201, 422}
    if answer.status_code == 201:
        for each in answer.get_json()["added"]:
            path = f"/v1/knowledge-bases/shop/entries/{each['id']}"
            assert engine.client.delete(path).status_code == 204


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.text())
def test_no_path_breaks_a_route(engine: RunningEngine, name: str) -> None:
    # Written as in an address; "//…" would be read as the name of another host by the client of the tests.
    name = quote(name, errors="replace").lstrip("/")
    for path in (f"/v1/knowledge-bases/{name}", f"/v1/knowledge-bases/default/entries/{name}", f"/{name}"):
        for answer in (engine.client.get(path), engine.client.delete(path), engine.client.post(path)):
            assert answer.status_code < 500


def test_without_the_token_nothing_is_told(tmp_path: Path) -> None:
    given_settings = some_settings(tmp_path, a_knowledge_base(tmp_path, "apple"), token="s3cret-k7Qm中")
    with an_engine(given_settings) as engine:
        engine.is_settled()
        for headers in ({}, {"Authorization": "Bearer wrong"}, {"Authorization": "Basic s3cret-k7Qm中"}):
            for path in ("/v1/knowledge-bases", "/metrics", "/nowhere"):
                status, code, _ = error_of(engine.client.get(path, headers=headers))
                assert (status, code) == (401, "unauthorized")
        for path in ("/healthz", "/readyz", "/openapi.json"):
            assert engine.client.get(path).status_code == 200
        allowed = {"Authorization": "Bearer s3cret-k7Qm中"}
        assert engine.client.get("/v1/knowledge-bases", headers=allowed).status_code == 200
