from __future__ import annotations

from dataclasses import fields, replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from string import Formatter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot import texts
from bot.domain import Answer, Language, Match, Person
from bot.texts import Wording, en, zh

NOW = datetime(2026, 5, 4, 12, 0, tzinfo=UTC)

AN_ANSWER = Answer(
    id="a1",
    question="sour fruit?",
    language="en",
    matches=(),
    total=0,
    best_score=0.5312,
    threshold=Decimal("0.65"),
    threshold_source="channel",
    limit=5,
    knowledge_base="fruit",
    snapshot="s1",
    snapshot_at=NOW - timedelta(minutes=5),
    model="letters",
)


def some_matches(count: int) -> tuple[Match, ...]:
    return tuple(Match(rank, f"e{rank}", "lemon", 0.9) for rank in range(1, count + 1))


def placeholders(template: str) -> list[str]:
    return sorted(name for _, name, _, _ in Formatter().parse(template) if name is not None)


@pytest.mark.parametrize("field", [field.name for field in fields(Wording)])
def test_both_languages_fill_in_the_same_values(field: str) -> None:
    assert placeholders(getattr(zh.WORDING, field)) == placeholders(getattr(en.WORDING, field))


@pytest.mark.parametrize("field", [field.name for field in fields(Wording)])
def test_a_placeholder_is_a_plain_name(field: str) -> None:
    for wording in (zh.WORDING, en.WORDING):
        sentence = getattr(wording, field)
        assert sentence
        assert all(name.isidentifier() for name in placeholders(sentence))


def test_the_context_line_says_threshold_source_share_knowledge_base_and_age() -> None:
    answer = replace(AN_ANSWER, matches=some_matches(5), total=12)
    assert texts.context_line(answer, NOW) == (
        "threshold 0.65 (set in this channel) · 5 of 12 shown · knowledge base fruit · updated 5 min ago"
    )
    assert texts.context_line(replace(answer, language="zh"), NOW) == (
        "阈值 0.65（本群设置） · 显示 5 条，共 12 条 · 知识库 fruit · 5 分钟前更新"
    )


def test_the_context_line_of_a_later_page_says_which_matches_it_shows() -> None:
    answer = replace(AN_ANSWER, matches=some_matches(5), total=12, offset=5, threshold_source="default")
    assert texts.context_line(answer, NOW) == (
        "threshold 0.65 (default) · 6–10 of 12 shown · knowledge base fruit · updated 5 min ago"
    )


def test_rows_and_entries_are_told_apart_where_an_answer_has_several_wordings() -> None:
    answer = replace(AN_ANSWER, matches=some_matches(3), total=12, groups=4)
    assert "3 of 4 shown (12 entries)" in texts.context_line(answer, NOW)
    assert "显示 3 条，共 4 条（12 个条目）" in texts.context_line(replace(answer, language="zh"), NOW)
    assert "3 of 12 shown ·" in texts.context_line(replace(answer, groups=12), NOW)


def test_what_matched_is_named_where_it_was_not_the_text_itself() -> None:
    (match,) = some_matches(1)
    assert texts.what_matched(match, "en") == ""
    assert texts.what_matched(replace(match, wording="sour  one?", collapsed=2), "en") == (
        "asked as “sour one?” · +2 other wordings"
    )
    assert texts.what_matched(replace(match, collapsed=1), "en") == "+1 other wording"
    said = texts.what_matched(replace(match, passage="长" * 100, collapsed=1), "zh")
    assert said == f"相关段落“{'长' * 79}…” · 另有 1 种问法"


def test_an_empty_answer_gives_the_best_score_and_a_near_threshold_to_preview() -> None:
    near = replace(AN_ANSWER, best_score=0.5812)
    assert texts.nothing_found(near) == (
        "Nothing reaches the threshold of 0.65; the best score is 0.5812. "
        "/threshold try 0.58 shows what a lower threshold would do."
    )
    assert texts.nothing_found(replace(near, language="zh")) == (
        "没有内容达到阈值 0.65，最高分是 0.5812。发送 /threshold try 0.58 可以预览较低阈值的效果。"
    )


def test_a_score_that_just_missed_the_threshold_is_not_rounded_up_to_it() -> None:
    assert texts.nothing_found(replace(AN_ANSWER, best_score=0.649999)) == (
        "Nothing reaches the threshold of 0.65; the best score is 0.6499. "
        "/threshold try 0.64 shows what a lower threshold would do."
    )


@pytest.mark.parametrize(
    ("threshold", "best"),
    [("0.65", -0.01), ("0.65", 0.5312), ("0.65", 0.5499), ("0.45", 0.39), ("0.3", 0.29)],
)
def test_what_is_far_or_weak_suggests_no_threshold(threshold: str, best: float) -> None:
    told = texts.nothing_found(replace(AN_ANSWER, threshold=Decimal(threshold), best_score=best))
    assert told.endswith(". The knowledge base seems to have nothing on this; it was noted for /gaps.")
    assert "/threshold" not in told


def test_an_empty_knowledge_base_says_how_to_fill_it() -> None:
    assert texts.nothing_found(replace(AN_ANSWER, best_score=None)) == (
        "The knowledge base fruit is empty. Add entries with /kb add TEXT => ANSWER."
    )


def test_a_name_in_braces_stays_a_name() -> None:
    hostile = replace(AN_ANSWER, best_score=None, knowledge_base="{threshold.__class__}")
    assert "{threshold.__class__}" in texts.nothing_found(hostile)


@given(st.floats(min_value=0, max_value=1))
def test_the_suggested_threshold_lets_the_best_score_pass(best: float) -> None:
    suggestion = texts.suggested_threshold(best)
    assert suggestion is not None
    assert best >= float(suggestion)
    assert best < float(suggestion) + 0.0101


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        ("0.4", "0.40"),
        ("0.650", "0.65"),
        ("0.6525", "0.6525"),
        ("1", "1.00"),
        ("0", "0.00"),
        ("1E-1", "0.10"),
    ],
)
def test_a_threshold_shows_all_its_digits_and_at_least_two(value: str, shown: str) -> None:
    assert texts.threshold(Decimal(value)) == shown


@pytest.mark.parametrize(
    ("value", "shown"), [(0.83123, "0.8312"), (1.0, "1.0000"), (-0.00001, "0.0000"), (-0.5, "-0.5000")]
)
def test_a_score_shows_four_decimals(value: float, shown: str) -> None:
    assert texts.score(value) == shown


@pytest.mark.parametrize(
    ("value", "tier", "mark", "words"),
    [
        (1.0, "strong", "●", ("强", "strong")),
        (0.60, "strong", "●", ("强", "strong")),
        (0.59999, "fair", "◐", ("中", "fair")),
        (0.40, "fair", "◐", ("中", "fair")),
        (0.39999, "weak", "○", ("弱", "weak")),
        (-0.2, "weak", "○", ("弱", "weak")),
    ],
)
def test_tiers_are_cut_on_the_unrounded_score(
    value: float, tier: str, mark: str, words: tuple[str, str]
) -> None:
    assert texts.tier(value) == tier
    assert texts.tier_mark(value) == mark
    assert (texts.tier_word(value, "zh"), texts.tier_word(value, "en")) == words


@given(st.floats(allow_nan=False), st.integers(min_value=1, max_value=40))
def test_a_bar_is_always_as_wide_as_asked(value: float, width: int) -> None:
    assert len(texts.bar(value, width)) == width


def test_a_bar_is_as_long_as_the_score() -> None:
    assert [texts.bar(value, 4) for value in (-1.0, 0.0, 0.5, 1.0)] == ["░░░░", "░░░░", "██░░", "████"]


@pytest.mark.parametrize(
    ("seconds", "language", "shown"),
    [
        (-30, "en", "just now"),
        (59, "zh", "刚刚"),
        (60, "en", "1 min ago"),
        (3_599, "zh", "59 分钟前"),
        (7_200, "en", "2 h ago"),
        (3 * 86_400, "zh", "3 天前"),
    ],
)
def test_an_age_is_said_in_one_unit(seconds: int, language: Language, shown: str) -> None:
    assert texts.age(NOW - timedelta(seconds=seconds), NOW, language) == shown


def test_a_turned_dial_names_the_person_or_else_the_id() -> None:
    turned = replace(AN_ANSWER, turned_by=(Person("slack", "T1", "U1", "Ann"), Decimal("0.4")))
    nameless = replace(AN_ANSWER, turned_by=(Person("slack", "T1", "U1"), Decimal("0.4")))
    assert texts.turned_by(turned) == "Ann turned the threshold from 0.40 to 0.65."
    assert texts.turned_by(nameless) == "U1 turned the threshold from 0.40 to 0.65."
    assert texts.turned_by(turned, "<@U1>") == "<@U1> turned the threshold from 0.40 to 0.65."
    assert texts.turned_by(AN_ANSWER) is None


def test_the_dial_stops_at_its_ends() -> None:
    assert texts.dial_steps(Decimal("0.40")) == (Decimal("0.35"), Decimal("0.40"), Decimal("0.45"))
    assert texts.dial_steps(Decimal("0.02"))[0] == Decimal(0)
    assert texts.dial_steps(Decimal("0.98"))[2] == Decimal(1)
