from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.responder import bold_spans


@pytest.mark.parametrize(
    ("text", "query", "bold"),
    [
        ("Lemons are sour. Figs are sweet.", "which are sweet?", "Figs are sweet."),
        ("Lemons are sour. Figs are sweet.", "SOUR lemons", "Lemons are sour."),
        ("Version 2.5 is out. Update now!", "update", "Update now!"),
        ("Version 2.5 is out. Update now!", "version 2", "Version 2.5 is out."),
        ("退货需要七天。换货需要十天！运费自理", "怎么换货", "换货需要十天！"),
        ("退货需要七天\n换货需要十天", "怎么换货", "换货需要十天"),
        ("第一句。 第二句说退款。", "退款", "第二句说退款。"),
        ("Lemons are sour. Figs are sweet.", "价格", None),
        ("Lemons are sour", "lemons", None),
        ("Lemons are sour.", "lemons", None),
        ("", "lemons", None),
        ("Lemons. Figs.", "", None),
        ("Lemons. Lemons!", "lemons", "Lemons."),
    ],
)
def test_the_sentence_that_carries_the_words_is_singled_out(text: str, query: str, bold: str | None) -> None:
    span, _ = bold_spans(text, None, query)
    assert (text[slice(*span)] if span else None) == bold


@given(st.text(), st.text())
def test_a_span_lies_inside_the_text_and_has_no_blanks_around_it(text: str, query: str) -> None:
    span, _ = bold_spans(text, None, query)
    if span is not None:
        start, end = span
        assert 0 <= start < end <= len(text)
        assert text[start:end] == text[start:end].strip()


@pytest.mark.parametrize("piece", [".", "a.", "。", "a. ", ".a", "退"])
def test_a_text_made_to_be_slow_is_not(piece: str) -> None:
    bold_spans(piece * 50_000, piece * 50_000, "a 退货")


@pytest.mark.parametrize(
    ("text", "query", "bold"),
    [
        (
            "鲁班锁是木制玩具。鲁班锁由六根木条组成。鲁班锁的木条长十厘米。",
            "鲁班锁的木条有多长",
            "鲁班锁的木条长十厘米。",
        ),
        (
            "青石镇是青石县的镇。青石镇靠近青石湖。全镇一九六二年通电。",
            "青石镇是什么时候通电的？",
            "全镇一九六二年通电。",
        ),
        (
            "The Orion lamp is a lamp. The Orion lamp is red. It weighs 3 kg.",
            "what does the Orion lamp weighs",
            "It weighs 3 kg.",
        ),
        (
            "See https://a.test/x?b=1;c=2!d for lamps. Figs are sweet.",
            "lamps",
            "See https://a.test/x?b=1;c=2!d for lamps.",
        ),
    ],
)
def test_a_rare_word_tells_more_than_the_name_of_the_topic(text: str, query: str, bold: str) -> None:
    span, _ = bold_spans(text, None, query)
    assert span is not None
    assert text[slice(*span)] == bold


@pytest.mark.parametrize(
    ("text", "answer", "query", "bold"),
    [
        ("怎么退货？", "先打开订单。退货在七天内免费。运费由我们付。", "退货免费吗", "退货在七天内免费。"),
        ("Opening hours", "Mondays from 9. Closed on Sundays.", "open on sundays?", "Closed on Sundays."),
        (
            "Parcels are slow. Call us.",
            "It takes two days. Express takes one day.",
            "express",
            "Express takes one day.",
        ),
    ],
)
def test_the_answer_is_bold_where_its_sentence_stands_there(
    text: str, answer: str, query: str, bold: str
) -> None:
    in_text, in_answer = bold_spans(text, answer, query)
    assert in_text is None
    assert in_answer is not None
    assert answer[slice(*in_answer)] == bold
