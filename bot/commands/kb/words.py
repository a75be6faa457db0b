"""The words of /kb and /refresh, in both languages."""

from __future__ import annotations

from collections.abc import Mapping

from bot.domain import Language
from bot.grammar.verb import Page

PAGES: Mapping[str, Mapping[Language, Page]] = {
    "kb": {
        "en": Page(
            "the knowledge base of this channel, and its entries",
            "use NAME, list, add TEXT => ANSWER or remove ID",
            {
                "/kb": "show which one this channel asks",
                "/kb list": "list all",
                "/kb use shop": "ask another one here",
                "/kb add Do you gift-wrap? => Yes, for 2 euros.": "add an entry; several lines add one each",
                "/kb remove ID": "remove an entry that was added here",
            },
        ),
        "zh": Page(
            "本群的知识库和里面的内容",
            "use 名称、list、add 问题 => 答复 或 remove 编号",
            {
                "/kb": "查看本群用的是哪一个",
                "/kb list": "列出全部",
                "/kb use shop": "换成另一个",
                "/kb add 可以送礼包装吗？ => 可以，每件 5 元。": "添加一条；可以写多行，一行一条",
                "/kb remove 编号": "删除在这里添加的一条",
            },
        ),
    },
    "refresh": {
        "en": Page("bring this channel's knowledge base up to date now", "nothing", {}),
        "zh": Page("立即更新本群的知识库", "不带参数", {}),
    },
}
