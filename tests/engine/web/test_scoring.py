"""Cosine, keywords and what is made of them, through the route and with the model that ships."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from engine.config import KnowledgeBase, Model
from engine.encoder.bundled import BundledEncoder
from tests.support.engine import RunningEngine, a_knowledge_base, an_engine, some_settings

ENTRIES = (
    "退货要多久才能收到退款",
    "怎么修改收货地址",
    "会员积分可以换什么礼品",
    "订单 SF-1042 的物流信息在哪里看",
    "How do I change my delivery address",
    "Do you ship to Canada",
)


@pytest.fixture(scope="module")
def engine(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningEngine]:
    folder: Path = tmp_path_factory.mktemp("scoring")
    settings = some_settings(
        folder,
        a_knowledge_base(folder, *ENTRIES, threshold=0.3),
        a_knowledge_base(folder, *ENTRIES, name="either", threshold=0.3, scoring="either"),
        a_knowledge_base(
            folder, *ENTRIES, name="auto", threshold=0.3, scoring=KnowledgeBase(name="kb").scoring
        ),
    )
    with an_engine(settings, lambda: BundledEncoder(Model())) as running:
        yield running.is_settled()


def first(answer: Any) -> Any:
    return answer["matches"][0]


@pytest.mark.parametrize("name", ["default", "either"])
def test_both_parts_of_a_score_are_in_every_match(engine: RunningEngine, name: str) -> None:
    answer = engine.search("退款多久能收到", knowledge_base=name, threshold=-1, limit=10)
    assert [match["rank"] for match in answer["matches"]] == [1, 2, 3, 4, 5, 6]
    for match in answer["matches"]:
        cosine, keyword = match["cosine"], match["keyword"]
        either = 1 - (1 - cosine) * (1 - keyword)
        assert match["score"] == pytest.approx(cosine if name == "default" else either, abs=1e-15)
        assert match["ranking"] is None
    assert first(answer)["text"] == ENTRIES[0]
    assert first(answer)["keyword"] > 0.3


def test_either_finds_by_a_code_what_meaning_hardly_sees(engine: RunningEngine) -> None:
    """A model knows no order numbers; the words do."""
    by_meaning, by_either = (
        engine.search("SF-1042", knowledge_base=name, threshold=0.6) for name in ("default", "either")
    )
    assert by_meaning["total"] == 0
    assert [match["text"] for match in by_either["matches"]] == [ENTRIES[3]]


def test_the_keyword_weight_orders_and_the_threshold_goes_on_meaning_the_score(engine: RunningEngine) -> None:
    plain = engine.search("收货地址", limit=10, threshold=0.2)
    weighed = engine.search("收货地址", limit=10, threshold=0.2, keyword_weight=0.5)
    scores = {match["id"]: match["score"] for match in plain["matches"]}
    assert {match["id"]: match["score"] for match in weighed["matches"]} == scores
    assert weighed["total"] == plain["total"]
    rankings = [
        match["ranking"] if match["ranking"] is not None else match["score"] for match in weighed["matches"]
    ]
    assert rankings == sorted(rankings, reverse=True)
    for match, ranking in zip(weighed["matches"], rankings, strict=True):
        assert ranking == pytest.approx(0.5 * match["score"] + 0.5 * match["keyword"], abs=1e-15)


def test_a_question_in_the_other_language_is_answered_by_meaning_alone(engine: RunningEngine) -> None:
    answer = engine.search(
        "can I get a refund for returned goods", knowledge_base="either", threshold=-1, limit=10
    )
    assert first(answer)["text"] == ENTRIES[0]
    assert {match["keyword"] for match in answer["matches"]} == {0.0}


def test_every_threshold_that_was_a_score_finds_its_entry(engine: RunningEngine) -> None:
    whole = engine.search("修改地址", knowledge_base="either", threshold=-1, limit=10)
    for match in whole["matches"]:
        again = engine.search("修改地址", knowledge_base="either", threshold=match["score"], limit=10)
        assert again["total"] == match["rank"]


def test_the_same_words_in_another_width_score_one_in_every_part(engine: RunningEngine) -> None:
    match = first(engine.search(" 怎么修改收货地址 ", knowledge_base="either"))
    assert (match["score"], match["cosine"], match["keyword"]) == (1, 1, 1)


def test_a_base_that_says_nothing_counts_words_where_no_other_language_is_near(engine: RunningEngine) -> None:
    by_code = engine.search("SF-1042", knowledge_base="auto", threshold=0.6)
    assert [match["text"] for match in by_code["matches"]] == [ENTRIES[3]]
    across = engine.search("怎么修改收货的地址", knowledge_base="auto", threshold=-1, limit=10)
    assert {match["keyword"] for match in across["matches"]} == {0.0}  # "How do I change my delivery address"
    for threshold in (-1, 0.3, 0.9):
        again = engine.search("怎么修改收货的地址", knowledge_base="auto", threshold=threshold, keep=10)
        assert again["best_score"] == first(across)["score"]


@pytest.mark.parametrize("name", ["default", "either", "auto"])
def test_a_trial_of_a_base_scores_as_the_base_does(engine: RunningEngine, name: str) -> None:
    found = engine.search("订单的物流信息", knowledge_base=name, threshold=-1, limit=10)
    asked = {"knowledge_base": name, "query": "订单的物流信息", "threshold": -1, "limit": 10}
    tried = engine.client.post("/v1/trial", json=asked).get_json()
    assert [match["score"] for match in tried["matches"]] == [match["score"] for match in found["matches"]]
    assert tried["fingerprint"] == found["fingerprint"]


def test_a_trial_of_texts_scores_as_a_base_does_that_says_nothing(engine: RunningEngine) -> None:
    found = engine.search("订单的物流信息", knowledge_base="auto", threshold=-1, limit=10)
    asked = {"texts": list(ENTRIES), "query": "订单的物流信息", "threshold": -1, "limit": 10}
    tried = engine.client.post("/v1/trial", json=asked).get_json()
    assert [match["text"] for match in tried["matches"]] == [match["text"] for match in found["matches"]]
    scores = [match["score"] for match in found["matches"]]
    assert [match["score"] for match in tried["matches"]] == pytest.approx(scores, abs=1e-5)
    assert tried["fingerprint"] == found["fingerprint"]
