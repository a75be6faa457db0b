"""Single entries and their wordings over HTTP, and questions over texts that are not kept."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.support.engine import RunningEngine, a_knowledge_base, an_engine, some_settings

ENTRIES = "/v1/knowledge-bases/{}/entries"


@pytest.fixture
def engine(tmp_path: Path) -> Iterator[RunningEngine]:
    (tmp_path / "shop.jsonl").write_text(
        '{"id": "ship", "text": "how long does shipping take", "answer": "Two days.",'
        ' "wordings": ["delivery time", "when"]}\n'
        '{"id": "late", "text": "my parcel is late", "answer": "Two days."}\n'
        '{"id": "pay", "text": "ways to pay", "answer": "By card."}\n',
        encoding="utf-8",
    )
    shop = a_knowledge_base(tmp_path, name="shop").model_copy(update={"source": ("shop.jsonl",)})
    default = a_knowledge_base(tmp_path, "apple", "pear", "plum")
    with an_engine(some_settings(tmp_path, default, shop)) as running:
        running.app.knowledge.refresher.request("shop")
        yield running.is_settled()


def ask(engine: RunningEngine, text: str, **fields: Any) -> dict[str, Any]:
    answer: dict[str, Any] = engine.search(text, knowledge_base="shop", **fields)
    for varying in ("took_ms", "snapshot", "snapshot_number", "snapshot_at"):
        answer.pop(varying)
    return answer


def teach(engine: RunningEngine, entry: str, text: str, name: str = "shop") -> Any:
    answer = engine.client.post(
        f"{ENTRIES.format(name)}/{entry}/wordings", json={"text": text, "by": "Li", "because": "a gap"}
    )
    if answer.status_code == 201:
        engine.ended(answer.get_json()["refresh"], name)
    return answer


def test_a_match_says_which_wording_it_is(engine: RunningEngine) -> None:
    answer = ask(engine, "delivery time", threshold=0.99)
    assert answer["total"] == 1
    assert [(each["id"], each["score"], each["wording"]) for each in answer["matches"]] == [
        ("ship", 1.0, "delivery time")
    ]
    assert ask(engine, "ways to pay")["matches"][0]["wording"] is None


def test_a_collapsed_answer_gives_one_match_an_answer(engine: RunningEngine) -> None:
    whole, collapsed = (ask(engine, "how late", threshold=-1, collapse=each) for each in (False, True))
    assert (whole["total"], whole["groups"], collapsed["total"], collapsed["groups"]) == (3, None, 3, 2)
    [two_days] = [each for each in collapsed["matches"] if each["answer"] == "Two days."]
    assert two_days["collapsed"] == 1
    shown = {each["id"]: each["score"] for each in whole["matches"]}
    assert {two_days["id"]: two_days["score"], two_days["also"][0]["id"]: two_days["also"][0]["score"]} == {
        each: shown[each] for each in ("ship", "late")
    }
    second = ask(engine, "how late", threshold=-1, collapse=True, limit=1, offset=1)
    assert [each["rank"] for each in second["matches"]] == [2]
    assert second["matches"][0] == collapsed["matches"][1]


def test_steps_are_counted_as_a_threshold_there_would(engine: RunningEngine) -> None:
    steps = ["-1", "0.40", "0.7", "0.99", "1"]
    totals = [ask(engine, "when", threshold=float(step))["total"] for step in steps]
    assert ask(engine, "when", steps=steps)["counts"] == totals
    assert len(set(totals)) > 1


def test_an_old_snapshot_is_gone(engine: RunningEngine) -> None:
    snapshot = engine.search("when", knowledge_base="shop")["snapshot"]
    assert engine.search("when", knowledge_base="shop", snapshot=snapshot)["snapshot"] == snapshot
    teach(engine, "pay", "cash or card")
    gone = engine.client.post(
        "/v1/search", json={"query": "when", "knowledge_base": "shop", "snapshot": snapshot}
    )
    assert (gone.status_code, gone.get_json()["error"]["code"]) == (410, "snapshot_gone")


def test_what_is_taught_is_found_and_taking_it_back_leaves_nothing(engine: RunningEngine) -> None:
    before, elsewhere = ask(engine, "zzz qqq", threshold=0), engine.texts("zzz qqq", threshold=-1)
    answer = teach(engine, "pay", "zzz qqq")
    body = answer.get_json()
    assert (answer.status_code, body["entry"], body["by"], body["because"]) == (201, "pay", "Li", "a gap")
    found = ask(engine, "zzz qqq")["matches"][0]
    assert (found["id"], found["text"], found["wording"], found["score"]) == (
        "pay",
        "ways to pay",
        "zzz qqq",
        1.0,
    )
    assert engine.texts("zzz qqq", threshold=-1) == elsewhere
    shown = engine.client.get(f"{ENTRIES.format('shop')}/pay").get_json()
    assert [(each["text"], each["id"], each["by"]) for each in shown["wordings"]] == [
        ("zzz qqq", body["id"], "Li")
    ]
    path = f"{ENTRIES.format('shop')}/pay/wordings/{body['id']}"
    assert engine.client.delete(path).status_code == 204
    assert engine.client.delete(path).get_json()["error"]["code"] == "unknown_wording"
    assert engine.client.get(f"{ENTRIES.format('shop')}/pay").get_json()["wordings"] == []
    engine.refresh("shop")
    assert ask(engine, "zzz qqq", threshold=0) == before


def test_a_refresh_embeds_the_one_wording_that_is_new(engine: RunningEngine) -> None:
    refresh = engine.client.post(f"{ENTRIES.format('shop')}/pay/wordings", json={"text": "by cash"})
    assert engine.ended(refresh.get_json()["refresh"], "shop")["embedded"] == 1


def test_a_wording_that_an_entry_has_is_refused_and_the_entry_named(engine: RunningEngine) -> None:
    for text, holder in (("delivery time", "ship"), ("ways to  pay", "pay"), ("new one", "late")):
        if text == "new one":
            teach(engine, "late", text)
        answer = teach(engine, "pay", text)
        error = answer.get_json()["error"]
        assert (answer.status_code, error["code"], error["details"]["entry"]) == (
            409,
            "wording_taken",
            holder,
        )


def test_what_was_taught_to_an_entry_that_goes_is_kept_aside_and_comes_back_with_it(
    engine: RunningEngine, tmp_path: Path
) -> None:
    teach(engine, "pay", "zzz qqq")
    path = tmp_path / "shop.jsonl"
    whole = path.read_text(encoding="utf-8")
    path.write_text("\n".join(whole.splitlines()[:2]), encoding="utf-8")
    notes = engine.refresh("shop")["notes"]
    assert [(each["code"], each["details"]["wording"]) for each in notes] == [("kept_aside", "zzz qqq")]
    assert ask(engine, "zzz qqq", threshold=0.99)["total"] == 0
    path.write_text(whole.replace("By card.", "By card or cash."), encoding="utf-8")
    assert engine.refresh("shop")["notes"] == []
    found = ask(engine, "zzz qqq", threshold=0.99)["matches"][0]
    assert (found["id"], found["answer"]) == ("pay", "By card or cash.")


def test_a_managed_entry_is_changed_by_who_has_read_it(engine: RunningEngine) -> None:
    added = engine.client.post(
        ENTRIES.format("default"), data="where are you => In Berlin.", content_type="text/plain"
    ).get_json()
    path = f"{ENTRIES.format('default')}/{added['added'][0]['id']}"
    read = engine.client.get(path).get_json()
    changed = engine.client.put(path, json={"hash": read["hash"], "answer": "In Bonn.\nBy the river."})
    assert (changed.status_code, changed.get_json()["answer"]) == (200, "In Bonn.\nBy the river.")
    engine.ended(changed.get_json()["refresh"])
    assert engine.search("where are you")["matches"][0]["answer"] == "In Bonn.\nBy the river."
    late = engine.client.put(path, json={"hash": read["hash"], "answer": "In Köln."})
    error = late.get_json()["error"]
    assert (late.status_code, error["code"]) == (409, "entry_changed")
    assert (error["details"]["answer"], error["details"]["given_answer"]) == (
        "In Bonn.\nBy the river.",
        "In Köln.",
    )
    foreign = engine.client.put(f"{ENTRIES.format('shop')}/pay", json={"hash": "x", "answer": "y"})
    assert (foreign.status_code, foreign.get_json()["error"]["code"]) == (409, "foreign_entry")


def test_entries_are_found_by_what_they_hold(engine: RunningEngine) -> None:
    def found(text: str) -> list[str]:
        answer = engine.client.get(ENTRIES.format("shop"), query_string={"find": text}).get_json()
        assert answer["total"] == len(answer["entries"])
        return [each["id"] for each in answer["entries"]]

    assert found("DELIVERY") == ["ship"]
    assert sorted(found("two days")) == ["late", "ship"]
    assert found("pay") == ["pay"]
    assert found('"text"') == []
    engine.client.post(ENTRIES.format("shop"), data="a brand new 100% => line", content_type="text/plain")
    assert len(found("100%")) == 1


def test_a_trial_answers_from_texts_that_are_not_kept(engine: RunningEngine) -> None:
    body = {"texts": ["apple pie", " ", "plum cake"], "query": "apple pie", "steps": ["0", "1"], "limit": 1}
    answer = engine.client.post("/v1/trial", json=body).get_json()
    assert (answer["size"], answer["total"], answer["counts"]) == (2, 2, [2, 1])
    assert [(each["text"], each["score"]) for each in answer["matches"]] == [("apple pie", 1.0)]
    assert engine.texts("apple pie", threshold=-1) == engine.texts("apple pie", threshold=-1, limit=3)
    served = engine.client.post(
        "/v1/trial", json={"knowledge_base": "shop", "query": "ways to pay", "steps": ["-1"], "limit": 2}
    ).get_json()
    assert (served["size"], served["counts"], served["matches"][0]["id"]) == (3, [3], "pay")


@pytest.mark.parametrize("texts", [["a"] * 2_001, ["a" * 140_000, "b" * 140_000]])
def test_a_trial_takes_only_so_much(engine: RunningEngine, texts: list[str]) -> None:
    answer = engine.client.post("/v1/trial", json={"texts": texts, "query": "a"})
    assert (answer.status_code, answer.get_json()["error"]["code"]) == (413, "too_large")


def test_answers_are_searched_where_that_is_said(tmp_path: Path) -> None:
    (tmp_path / "shop.jsonl").write_text(
        '{"id": "ship", "text": "shipping", "answer": "two days by bike"}\n', encoding="utf-8"
    )
    base = a_knowledge_base(tmp_path).model_copy(update={"source": ("shop.jsonl",)})
    for parts, total in ((("text",), 0), (("text", "answer"), 1)):
        settings = some_settings(tmp_path, base.model_copy(update={"search": parts}))
        with an_engine(settings) as engine:
            engine.is_settled()
            engine.refresh()
            found = engine.search("two days by bike", threshold=0.99)
            assert found["total"] == total
            assert [each["passage"] for each in found["matches"]] == ["two days by bike"] * total
