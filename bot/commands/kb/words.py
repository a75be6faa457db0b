"""The words of /kb and /refresh, in both languages."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from bot.domain import Language
from bot.grammar.verb import Page

PAGES: Mapping[str, Mapping[Language, Page]] = {
    "kb": {
        "en": Page(
            "the knowledge base of this channel, and its entries",
            "use NAME, list, add TEXT => ANSWER, find TEXT, show ID, edit ID => ANSWER or remove ID",
            {
                "/kb": "show which one this channel asks",
                "/kb list": "list all",
                "/kb use shop": "ask another one here",
                "/kb add Do you gift-wrap? => Yes, for 2 euros.": "add an entry; several lines add one each",
                "/kb add Do you gift-wrap? =>": "with the lines below it as its answer, all of them",
                "/kb find gift": "the entries whose text, answer, wording or id holds it, with their ids",
                "/kb show ID": "an entry whole: its answer, its wordings, and who taught or changed it",
                "/kb edit ID => Yes, for 3 euros.": "another answer, as many lines as you like, for an entry "
                "that was added in chat; ID VERSION => … only if it still is as /kb show said",
                "/kb remove ID": "remove an entry that was added here",
            },
        ),
        "zh": Page(
            "本群的知识库和里面的内容",
            "use 名称、list、add 问题 => 答复、find 文字、show 编号、edit 编号 => 答复 或 remove 编号",
            {
                "/kb": "查看本群用的是哪一个",
                "/kb list": "列出全部",
                "/kb use shop": "换成另一个",
                "/kb add 可以送礼包装吗？ => 可以，每件 5 元。": "添加一条；可以写多行，一行一条",
                "/kb add 可以送礼包装吗？ =>": "换行后写答复：下面各行都是这一条的答复",
                "/kb find 包装": "文本、答复、问法或编号中含有这段文字的内容，附编号",
                "/kb show 编号": "完整显示一条：答复、问法，以及谁教过、改过",
                "/kb edit 编号 => 可以，每件 8 元。": "修改聊天中添加的一条的答复，可以写多行；"
                "编号 版本 => … 只在内容仍是 /kb show 所示时才改",
                "/kb remove 编号": "删除在这里添加的一条",
            },
        ),
    },
    "refresh": {
        "en": Page("bring this channel's knowledge base up to date now", "nothing", {}),
        "zh": Page("立即更新本群的知识库", "不带参数", {}),
    },
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Words:
    shown: str
    size: str
    set: str
    list: str
    line: str
    none: str
    removed: str
    no_entry: str
    foreign: str


WORDS: Mapping[Language, Words] = {
    "en": Words(
        shown="This channel asks the knowledge base {name}{size}. Threshold: {threshold}.",
        size=" ({count} entries)",
        set="{who} switched the knowledge base here from {old} to {new}{size}. Threshold: {threshold}.",
        list="Knowledge bases:",
        line="{mark} {name}{size}",
        none="There is no knowledge base yet.",
        removed="{who} removed the entry {entry} from {name}.",
        no_entry="There is no entry {entry} in {name}.",
        foreign="{entry} belongs to a file or another source of {name} and can only be removed there.",
    ),
    "zh": Words(
        shown="这里使用知识库 {name}{size}。阈值：{threshold}。",
        size="（{count} 条）",
        set="{who} 把知识库从 {old} 换成了 {new}{size}。阈值：{threshold}。",
        list="知识库：",
        line="{mark} {name}{size}",
        none="还没有知识库。",
        removed="{who} 从 {name} 删除了 {entry}。",
        no_entry="{name} 里没有编号为 {entry} 的内容。",
        foreign="{entry} 来自 {name} 的文件或其他来源，只能在那里删除。",
    ),
}


@dataclass(frozen=True, slots=True)
class WritingWords:
    """The sentences about one entry that a form wrote."""

    added: str
    known: str
    changed: str
    changed_since: str
    foreign: str
    refused: str


WRITING: Mapping[Language, WritingWords] = {
    "en": WritingWords(
        added="{who} added {entry} to {name}: {text} (/kb remove {entry} takes it back)",
        known="Nothing was added: {entry} says this already.",
        changed="{who} changed {entry} in {name}: {text}",
        changed_since=(
            "Nothing was changed: somebody else has changed {entry} meanwhile.\n"
            "It says now:\n{theirs}\n\nYou wrote:\n{yours}"
        ),
        foreign="{entry} belongs to a file or another source of {name} and can only be changed there.",
        refused="Nothing was changed: {reason}",
    ),
    "zh": WritingWords(
        added="{who} 向 {name} 添加了 {entry}：{text}（/kb remove {entry} 可以撤回）",
        known="没有添加：{entry} 已经是这样。",
        changed="{who} 修改了 {name} 的 {entry}：{text}",
        changed_since="没有修改：{entry} 已被他人改过。\n现在是：\n{theirs}\n\n您写的是：\n{yours}",
        foreign="{entry} 来自 {name} 的文件或其他来源，只能在那里修改。",
        refused="没有修改：{reason}",
    ),
}
