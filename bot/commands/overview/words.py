"""The words of /status and /settings and /help, in both languages."""

from __future__ import annotations

from collections.abc import Mapping

from bot.domain import Language
from bot.grammar.verb import Page

PAGES: Mapping[str, Mapping[Language, Page]] = {
    "status": {
        "en": Page("how search and the knowledge base are doing", "nothing", {}),
        "zh": Page("查看检索服务和知识库的状态", "不带参数", {}),
    },
    "settings": {
        "en": Page("this channel's settings, and who changed them when", "nothing", {}),
        "zh": Page("查看本群的全部设置，以及谁在什么时候改过", "不带参数", {}),
    },
    "help": {
        "en": Page("list the commands, or explain one", "the name of a command", {}),
        "zh": Page("查看全部指令，或某一个指令的用法", "一个指令的名字", {}),
    },
}
