"""The words of /kb find, show and edit, in both languages."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from bot.domain import Language


@dataclass(frozen=True, slots=True)
class Words:
    entry: str
    answer: str
    source: str
    wordings: str
    wording: str
    taught_wording: str
    added_by: str
    changed_by: str
    how_to_edit: str
    how_to_teach: str
    how_to_forget: str
    unknown: str
    found: str
    found_line: str
    none_found: str
    more: str
    how_to_show: str
    edited: str
    changed_since: str
    changed_meanwhile: str
    foreign: str
    refused: str


WORDS: Mapping[Language, Words] = {
    "en": Words(
        entry="{entry}: {text}",
        answer="Answer: {answer}",
        source="From: {source}",
        wordings="Other wordings ({count}):",
        wording="· {text}",
        taught_wording="· {text} (taught by {who} on {when})",
        added_by="Added here by {who} on {when}.",
        changed_by="Changed here last by {who} on {when}.",
        how_to_edit="/kb edit {entry} {version} => ANSWER changes it, if it still is as shown.",
        how_to_teach="/teach {entry} => WORDING gives it a wording.",
        how_to_forget="/teach forget {entry} => WORDING takes a taught one away.",
        unknown="There is no entry {entry} in {name}. /kb find TEXT looks for one.",
        found="“{text}” in {name}: {count}",
        found_line="· {entry}: {text}",
        none_found="No entry in {name} holds “{text}”.",
        more="… and {count} more.",
        how_to_show="/kb show {entry} shows one whole.",
        edited="{who} changed the answer of {entry} (“{text}”) in {name}. Before it was: {before}",
        changed_since="{entry} was changed since you read it, so nothing was overwritten. It is now "
        "version {version}: {before}",
        changed_meanwhile="Somebody changed {entry} just now; nothing was overwritten. It is now: {before}",
        foreign="{entry} belongs to a file or another source of {name} and can only be changed there.",
        refused="The knowledge base does not take that as an answer of {entry}.",
    ),
    "zh": Words(
        entry="{entry}：{text}",
        answer="答复：{answer}",
        source="来源：{source}",
        wordings="其他问法（{count}）：",
        wording="· {text}",
        taught_wording="· {text}（{who} 于 {when} 教的）",
        added_by="由 {who} 于 {when} 在这里添加。",
        changed_by="最近由 {who} 于 {when} 在这里修改。",
        how_to_edit="/kb edit {entry} {version} => 答复：内容仍如上所示时才修改。",
        how_to_teach="/teach {entry} => 问法：加一种问法。",
        how_to_forget="/teach forget {entry} => 问法：去掉教过的一种。",
        unknown="{name} 里没有编号为 {entry} 的内容。用 /kb find 文字 查找。",
        found="{name} 中含“{text}”的：{count}",
        found_line="· {entry}：{text}",
        none_found="{name} 里没有内容含有“{text}”。",
        more="…… 还有 {count} 项。",
        how_to_show="/kb show {entry} 完整显示一条。",
        edited="{who} 修改了 {name} 的 {entry}（“{text}”）的答复。修改前：{before}",
        changed_since="{entry} 在您读过之后被改过，因此没有覆盖。现在是版本 {version}：{before}",
        changed_meanwhile="刚刚有人修改了 {entry}，因此没有覆盖。现在是：{before}",
        foreign="{entry} 来自 {name} 的文件或其他来源，只能在那里修改。",
        refused="知识库不接受这段文字作为 {entry} 的答复。",
    ),
}
