"""The words of /strategy and /keywords, in both languages."""

from __future__ import annotations

from collections.abc import Mapping

from bot.domain import Language
from bot.grammar.verb import Page

PAGES: Mapping[str, Mapping[Language, Page]] = {
    "strategy": {
        "en": Page(
            "a named set of settings",
            "the name of a strategy, off or undo",
            {
                "/strategy": "show the one chosen here, and all there are",
                "/strategy precise": "show only what is sure",
                "/strategy balanced": "the middle, for most teams",
                "/strategy recall": "show rather too much",
                "/strategy moderation": "for the review of messages",
                "/strategy off": "back to what was set before it",
                "/strategy undo": "take the last choice back",
            },
        ),
        "zh": Page(
            "选用一套设置",
            "一套设置的名字、off 或 undo",
            {
                "/strategy": "查看本群选用的和全部可选的",
                "/strategy precise": "宁缺毋滥",
                "/strategy balanced": "折中，适合多数团队",
                "/strategy recall": "宁多勿漏",
                "/strategy moderation": "内容审核",
                "/strategy off": "恢复选用之前的设置",
                "/strategy undo": "撤销上一次选用",
            },
        ),
    },
    "keywords": {
        "en": Page(
            "the share of keywords in the ranking",
            "a number from 0 to 1, or off",
            {
                "/keywords": "show it",
                "/keywords 0.3": "rank three tenths by words; the scores stay as they are",
                "/keywords off": "back to the default",
            },
        ),
        "zh": Page(
            "关键词在排序中的权重",
            "0 到 1 之间的数，或 off",
            {
                "/keywords": "查看",
                "/keywords 0.3": "排序时关键词占三成，分数不变",
                "/keywords off": "恢复默认",
            },
        ),
    },
}
