"""The words of /limit and /language and /name, in both languages."""

from __future__ import annotations

from collections.abc import Mapping

from bot.domain import Language
from bot.grammar.verb import Page

LONGEST_NAME = 60  # of a channel

PAGES: Mapping[str, Mapping[Language, Page]] = {
    "limit": {
        "en": Page(
            "how many matches a reply shows",
            "a whole number from 1 to 20",
            {
                "/limit": "show it",
                "/limit 3": "three at most; the rest behind “more”, where there are buttons",
            },
        ),
        "zh": Page(
            "每次回复显示几条",
            "1 到 20 之间的整数",
            {"/limit": "查看", "/limit 3": "最多三条；其余在有按钮的平台上点「更多」"},
        ),
    },
    "language": {
        "en": Page(
            "the language of the replies here",
            "zh or en",
            {"/language": "show it", "/language zh": "Chinese", "/language en": "English"},
        ),
        "zh": Page(
            "本群的回复语言",
            "zh（中文）或 en（英文）",
            {"/language": "查看", "/language zh": "中文", "/language en": "英文"},
        ),
    },
    "name": {
        "en": Page(
            "what this channel is called in exports and figures",
            f"a name of at most {LONGEST_NAME} characters, or off",
            {"/name": "show it", "/name Returns desk": "set it", "/name off": "take it away"},
        ),
        "zh": Page(
            "本群在导出和统计里的名称",
            f"最多 {LONGEST_NAME} 个字的名称，或 off",
            {"/name": "查看", "/name 售后一组": "设置", "/name off": "取消"},
        ),
    },
}
