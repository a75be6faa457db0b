"""The words of /status and /settings and /help, in both languages."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

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


@dataclass(frozen=True, slots=True, kw_only=True)
class Words:
    status_away: str
    status_loading: str
    status_embedding: str
    status_engine: str
    status_kb: str
    status_next: str
    status_refreshing: str
    status_refreshing_progress: str
    status_queue: str
    setting_line: str
    setting_changed: str
    language_name: str
    help_intro: str
    help_line: str
    help_example: str
    help_form: str
    help_more: str


WORDS: Mapping[Language, Words] = {
    "en": Words(
        status_away="Search: not available just now. Questions are kept and answered when it is back.",
        status_loading="Search: the model is loading. Questions are kept and answered when it is ready.",
        status_embedding="Search: {done} of {total} texts embedded. "
        "Questions are kept and answered after that.",
        status_engine="Search: ready, {model} on {device}",
        status_kb="Knowledge base {name}: {count} entries, {dimension} dimensions, updated {age}",
        status_next="Next refresh: {when}",
        status_refreshing="A refresh is running.",
        status_refreshing_progress="A refresh is running: {done} of {total} texts embedded.",
        status_queue="Messages waiting: {count}",
        setting_line="{name}: {value}{changed}",
        setting_changed=", last changed by {who} on {when}",
        language_name="English",
        help_intro="Ask in plain words, after a mention of me or in a direct chat. Commands:",
        help_line="{command}: {help}",
        help_example="For example: {example}",
        help_form="· {form} – {does}",
        help_more="{example} explains one of them.",
    ),
    "zh": Words(
        status_away="检索：暂时不可用。问题会保留，恢复后回答。",
        status_loading="检索：模型正在加载。问题会保留，加载好后回答。",
        status_embedding="检索：正在准备，已计算 {done}/{total} 条向量。问题会保留，完成后回答。",
        status_engine="检索：正常，模型 {model}，运行在 {device}",
        status_kb="知识库 {name}：{count} 条，{dimension} 维，{age}更新",
        status_next="下次更新：{when}",
        status_refreshing="正在更新。",
        status_refreshing_progress="正在更新：已计算 {done}/{total} 条向量。",
        status_queue="等待处理的消息：{count} 条",
        setting_line="{name}：{value}{changed}",
        setting_changed="，{who} 于 {when} 修改",
        language_name="中文",
        help_intro="直接用平常的话提问即可（群里请先 @我）。指令：",
        help_line="{command}：{help}",
        help_example="例如：{example}",
        help_form="· {form} – {does}",
        help_more="发送 {example} 查看某一个指令的用法。",
    ),
}
