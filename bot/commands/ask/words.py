"""The words of /ask, in both languages."""

from __future__ import annotations

from collections.abc import Mapping

from bot.domain import Language
from bot.grammar.verb import Page

PAGES: Mapping[str, Mapping[Language, Page]] = {
    "ask": {"en": Page("ask a question", "a question", {}), "zh": Page("提问", "一个问题", {})},
}
