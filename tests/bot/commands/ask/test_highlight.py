from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.responder import bold_span


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
    span = bold_span(text, query)
    assert (text[slice(*span)] if span else None) == bold


@given(st.text(), st.text())
def test_a_span_lies_inside_the_text_and_has_no_blanks_around_it(text: str, query: str) -> None:
    span = bold_span(text, query)
    if span is not None:
        start, end = span
        assert 0 <= start < end <= len(text)
        assert text[start:end] == text[start:end].strip()


@pytest.mark.parametrize("piece", [".", "a.", "。", "a. ", ".a", "退"])
def test_a_text_made_to_be_slow_is_not(piece: str) -> None:
    bold_span(piece * 50_000, "a 退货")
