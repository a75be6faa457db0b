"""The words of /inspect, in both languages."""

from __future__ import annotations

from collections.abc import Mapping

from bot.domain import Language
from bot.grammar.verb import Page

PAGES: Mapping[str, Mapping[Language, Page]] = {
    "inspect": {
        "en": Page("the vector behind a text, and the entries nearest to it", "a text", {}),
        "zh": Page("查看一段文字背后的向量和最接近的内容", "一段文字", {}),
    },
}
