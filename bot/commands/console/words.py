"""The words of /console, in both languages."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from bot.domain import Language
from bot.grammar.verb import Page

PAGES: Mapping[str, Mapping[Language, Page]] = {
    "console": {
        "en": Page(
            "a link that signs you in to the pages in a browser, once; in a direct chat", "nothing", {}
        ),
        "zh": Page("获取一次性登录链接，在浏览器中打开控制台；请在私聊中使用", "不带参数", {}),
    },
}


@dataclass(frozen=True, slots=True)
class Words:
    link: str
    ask_directly: str
    not_here: str


WORDS: Mapping[Language, Words] = {
    "en": Words(
        "This link signs you in, once, within ten minutes. Give it to nobody:\n{link}",
        "The link is yours alone: write /console to me in a direct chat.",
        "There is no console here: its address is not https. An operator sets [bot] public_url.",
    ),
    "zh": Words(
        "十分钟内可用此链接登录一次，请勿转发：\n{link}",
        "链接只能给你本人：请在与我的私聊中发送 /console。",
        "这里没有控制台：其地址不是 https，请联系运维人员设置 [bot] public_url。",
    ),
}
