"""The words of /limit and /language and /name, in both languages."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

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


@dataclass(frozen=True, slots=True, kw_only=True)
class Words:
    limit_shown: str
    limit_set: str
    language_shown: str
    language_set: str
    name_shown: str
    name_none: str
    name_set: str
    name_removed: str


WORDS: Mapping[Language, Words] = {
    "en": Words(
        limit_shown="A reply here shows {value} matches at most.",
        limit_set="{who} changed how many matches a reply shows from {old} to {new}.",
        language_shown="I answer in English here. /language zh switches to Chinese.",
        language_set="{who} switched the replies here to English.",
        name_shown="This channel is called “{name}”.",
        name_none="This channel has no name yet. Give it one: /name Returns desk",
        name_set="{who} named this channel “{name}”.",
        name_removed="{who} took this channel's name away.",
    ),
    "zh": Words(
        limit_shown="这里每次最多显示 {value} 条。",
        limit_set="{who} 把每次显示的条数从 {old} 改成了 {new}。",
        language_shown="我在这里用中文回复。发送 /language en 可切换为英文。",
        language_set="{who} 把这里的回复语言改成了中文。",
        name_shown="这里的名称是“{name}”。",
        name_none="这里还没有名称。例如发送 /name 售后一组",
        name_set="{who} 把这里命名为“{name}”。",
        name_removed="{who} 取消了这里的名称。",
    ),
}
