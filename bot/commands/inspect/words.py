"""The words of /inspect, in both languages."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from bot.domain import Language
from bot.grammar.verb import Page

PAGES: Mapping[str, Mapping[Language, Page]] = {
    "inspect": {
        "en": Page("the vector behind a text, and the entries nearest to it", "a text", {}),
        "zh": Page("查看一段文字背后的向量和最接近的内容", "一段文字", {}),
    },
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Words:
    head: str
    no_tokens: str
    values: str
    histogram: str
    nearest: str
    line: str
    no_keywords: str
    picture: str


WORDS: Mapping[Language, Words] = {
    "en": Words(
        head="{model}: {dimension} dimensions, norm {norm}, {tokens} tokens",
        no_tokens="?",
        values="First {count} values:",
        histogram="How the values are spread:",
        nearest="Nearest entries in {name}:",
        line="{rank}. {score} (meaning {cosine}, keywords {keyword}) {entry} [{id}]",
        no_keywords="–",
        picture="How the {dimension} values of the vector are spread.",
    ),
    "zh": Words(
        head="{model}：{dimension} 维，模长 {norm}，{tokens} 个词元",
        no_tokens="未知",
        values="前 {count} 个值：",
        histogram="数值的分布：",
        nearest="{name} 里最接近的内容：",
        line="{rank}. {score}（语义 {cosine}，关键词 {keyword}）{entry} [{id}]",
        no_keywords="无",
        picture="向量 {dimension} 个数值的分布。",
    ),
}
