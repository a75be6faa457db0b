"""A question without a letter or digit matches nothing; traditional characters are as good as simplified."""

from pathlib import Path

import pytest

from tests.support.engine import a_knowledge_base, an_engine, some_settings


@pytest.mark.parametrize("question", ["？？？", "!", "👍👍", "……", "( )", "→", "\u3002\u200b"])
def test_a_question_of_marks_matches_nothing(tmp_path: Path, question: str) -> None:
    with an_engine(some_settings(tmp_path, a_knowledge_base(tmp_path, "apple", "pear ？"))) as engine:
        engine.is_settled()
        found = engine.search(question, threshold=-1, keep=5)
        assert (found["total"], found["best_score"], found["matches"]) == (0, None, [])


@pytest.mark.parametrize("question", ["怎麼申請退貨？", "發票什麼時候開", "訂單頁在哪裡"])
def test_traditional_characters_score_as_simplified_ones(tmp_path: Path, question: str) -> None:
    entries = ["怎么申请退货？", "发票什么时候开？", "订单页在哪里？"]
    with an_engine(some_settings(tmp_path, a_knowledge_base(tmp_path, *entries))) as engine:
        engine.is_settled()
        assert engine.search(question, threshold=0)["best_score"] > 0.9
