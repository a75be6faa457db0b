from __future__ import annotations

import re
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.domain import Answer, Person, ShowMore, TurnDial, Vote
from bot.platforms.wecom.cards import action_of, clip, dial, task_id, threshold_card, update_card
from tests.bot.platforms.wecom.answers import a_match, an_answer

TASK = task_id("a1", "x9")


def checked(card: dict[str, Any]) -> dict[str, Any]:
    """The card, once it keeps within the platform's limits."""
    assert re.fullmatch(r"[0-9A-Za-z_\-@]{1,128}", card["task_id"])
    assert len(card["main_title"]["title"]) <= 26
    assert len(card["main_title"]["desc"]) <= 30
    assert len(card["sub_title_text"]) <= 112
    assert 1 <= len(card["button_list"]) <= 6
    keys = [button["key"] for button in card["button_list"]]
    assert len(set(keys)) == len(keys)
    assert all(
        len(button["text"]) <= 10 and len(button["key"].encode()) <= 1024 for button in card["button_list"]
    )
    if "button_selection" in card:
        options = card["button_selection"]["option_list"]
        assert 1 <= len(options) <= 10
        assert all(1 <= len(option["id"].encode()) <= 128 for option in options)
    return card


def test_the_dial_of_an_answer() -> None:
    card = checked(dial(an_answer(total=9), TASK))
    assert "more" not in str(checked(dial(an_answer(total=9, groups=1), TASK))["button_list"])
    assert card == {
        "card_type": "button_interaction",
        "main_title": {"title": "阈值 0.65", "desc": "调低多显示，调高少显示"},
        "sub_title_text": "",
        "button_selection": {
            "question_key": "match",
            "title": "有帮助吗？",
            "option_list": [{"id": "e1", "text": "1. 签收 7 天内可以退货。"}],
            "selected_id": "e1",
        },
        "button_list": [
            {"text": "↓ 0.60", "key": "threshold:0.60"},
            {"text": "↑ 0.70", "key": "threshold:0.70"},
            {"text": "有用", "key": "vote:up"},
            {"text": "没用", "key": "vote:down"},
            {"text": "更多", "key": "more:1"},
        ],
        "task_id": "dial@a1@x9",
    }


@pytest.mark.parametrize(("value", "keys"), [("0", ["threshold:0.05"]), ("1", ["threshold:0.95"])])
def test_a_step_that_leads_nowhere_has_no_button(value: str, keys: list[str]) -> None:
    card = checked(threshold_card(Decimal(value), "zh", TASK))
    assert [button["key"] for button in card["button_list"]] == keys


def test_a_turned_card_says_who_turned_it() -> None:
    turned = an_answer(turned_by=(Person("wecom", "b", "lisi"), Decimal("0.70")))
    assert checked(dial(turned, TASK))["main_title"]["desc"] == "lisi 把阈值从 0.70 调到了 0.65。"


@given(
    st.decimals(0, 1, places=4),
    st.sampled_from(["zh", "en"]),
    st.lists(st.tuples(st.text(), st.text(max_size=200)), max_size=20),
    st.text(max_size=300),
    st.integers(0, 10_000),
)
def test_every_dial_keeps_the_limits_and_its_buttons_read_back(
    value: Decimal, language: Any, entries: list[tuple[str, str]], knowledge_base: str, total: int
) -> None:
    matches = [a_match(rank, text=text, entry_id=key) for rank, (text, key) in enumerate(entries, 1)]
    answer: Answer = an_answer(
        *matches, threshold=value, language=language, knowledge_base=knowledge_base, total=total
    )
    card = checked(dial(answer, TASK))
    chosen = card.get("button_selection", {}).get("selected_id", "")
    for button in card["button_list"]:
        match action_of(button["key"], TASK, {"match": (chosen,)}):
            case TurnDial("a1", threshold):
                assert threshold in {value - Decimal("0.05"), value + Decimal("0.05"), Decimal(0), Decimal(1)}
            case Vote("a1", entry_id, _):
                assert entry_id == chosen
            case ShowMore("a1", offset):
                assert offset == len(answer.matches)
            case other:
                raise AssertionError(other)


@given(st.text(), st.text(), st.dictionaries(st.text(), st.tuples(st.text())))
def test_no_press_makes_it_raise(key: str, task: str, selected: dict[str, tuple[str, ...]]) -> None:
    action_of(key, task, selected)


def test_an_update_is_for_everyone_and_keeps_the_task() -> None:
    card = dial(an_answer(), TASK)
    assert update_card(card) == {"response_type": "update_template_card", "template_card": card}


def test_two_cards_of_one_answer_have_two_ids() -> None:
    assert task_id("a1", "1") != task_id("a1", "2")
    with pytest.raises(AssertionError, match="cannot name a card"):
        task_id("a b", "1")


@given(st.text(), st.integers(1, 40))
def test_a_clipped_text_is_one_line_of_the_length(text: str, limit: int) -> None:
    assert len(clip(text, limit)) <= limit
    assert not re.search(r"[\n\r\x00]", clip(text, limit))
