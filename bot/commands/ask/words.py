"""The words of /ask, in both languages."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from bot.domain import Language
from bot.grammar.verb import Page

PAGES: Mapping[str, Mapping[Language, Page]] = {
    "ask": {"en": Page("ask a question", "a question", {}), "zh": Page("提问", "一个问题", {})},
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Words:
    no_words: str
    question_cut: str
    no_knowledge_base: str
    keywords_ignored: str
    asked_together: str
    has_changed: str


WORDS: Mapping[Language, Words] = {
    "en": Words(
        no_words="There was no word or number in that to search for. Ask in a few words, please.",
        question_cut="That was long: only the first {count} characters were searched for.",
        no_knowledge_base='No knowledge base is called "{name}". There are: {names}. '
        "Choose with /kb use NAME.",
        keywords_ignored="The search service does not rank by keywords; this is ranked by meaning alone.",
        asked_together="Alone this found nothing, so it was asked together with the thread's question "
        "“{question}”. What that one finds by itself is not shown again.",
        has_changed="The knowledge base has changed since this was asked: these are its matches now.",
    ),
    "zh": Words(
        no_words="这里没有可以检索的文字或数字，请用几个词提问。",
        question_cut="内容太长，只检索了前 {count} 个字。",
        no_knowledge_base="没有名为“{name}”的知识库。现有：{names}。用 /kb use 名称 来选择。",
        keywords_ignored="检索服务还不支持关键词排序，这里只按语义排序。",
        asked_together="单独提问没有找到，已和话题串里的问题“{question}”合在一起再问；只问那个问题就能找到的，这里不再重复。",
        has_changed="提问之后知识库有更新，以下是现在的结果。",
    ),
}
