"""The engine's codes for sources and refreshes, as sentences in the reader's language.

Where a code is not known here, English readers see the engine's own sentence; Chinese readers
see where it happened, and that the engine's log has the sentence.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import PurePosixPath

from bot.domain import FailedSource, Language, LeftOut


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceWording:
    """The sentences on sources; like `Wording`, one for each language with the same placeholders."""

    failing: str
    added_here: str
    failing_since: str
    footer: str
    footer_more: str
    left_out_last: str
    served_old: str
    served_none: str
    more: str
    confirm: str
    left_out: str
    row: str
    unknown_failure: str
    unknown_reason: str
    unknown_error: str
    failures: Mapping[str, str]
    kinds: Mapping[str, str]
    reasons: Mapping[str, str]


_EN = SourceWording(
    failing="⚠️ {what}{since}; {served}.",
    added_here="added here, {id}",
    failing_since=" (since {when})",
    footer="⚠️ {source} could not be read{since}: what is said from it may be old or missing.",
    footer_more="⚠️ {source} and {count} more could not be read{since}: "
    "what is said from them may be old or missing.",
    left_out_last="Left out by the last refresh: {count}. /refresh names more.",
    served_old="its {count} entries of {when} are served",
    served_none="nothing of it is served",
    more="… and {count} more.",
    confirm="If this is meant, whoever keeps it runs: python -m engine refresh {name} --confirm",
    left_out="· {where}: {reason}",
    row=" (row {row})",
    unknown_failure="cannot be read{row}: {reason}",
    unknown_reason="{reason}",
    unknown_error="see the engine's log",
    failures={
        "missing": "does not exist",
        "empty": "holds no entry",
        "unreachable": "cannot be reached",
        "slow": "takes too long to answer",
        "refused": "refuses to be read",
        "moving": "is still being written and is read again next time",
        "emptied": "is empty and held entries before; if this is meant, remove the file",
        "cut_off": "ends in the middle of a row, half copied or cut off; copy it once more",
        "shrunk": "has shrunk from {had} entries to {has} and was held back",
        "rewritten": "keeps only {left} of its sentences and was held back",
    },
    # English readers see the engine's own sentence, which says more.
    kinds={
        "bad_encoding": "is in an encoding that is not read; save it as UTF-8",
        "bad_row": "holds a row that cannot be read{row}",
        "no_question_column": "has no column for the question, or names one twice{row}",
        "damaged": "is damaged or not what its name says; open it and save it again",
        "encrypted": "is encrypted; save it without a password",
        "missing_package": "needs a package that is not installed; whoever runs kbdial sees which in the log",
        "no_access": "may not be read; see its rights",
        "other_kind": "is a kind of file that is not read",
        "redirects": "sends to another address; name that one as the source",
        "slow_to_read": "takes too long to read; split it",
        "too_large": "is larger than a source may be{row}; split it",
        "web_page": "answered with a web page, perhaps one to sign in",
    },
    reasons={
        "blank": "is blank",
        "no_words": "has no letter or digit",
        "no_text": "has an answer and no question",
        "repeat": "stands in {first} already",
        "other_answer": "has another answer than {first}; the first one is kept",
        "too_long": "is too long (column {column})",
        "above_header": "stands above the header: {text}",
        "too_many_cells": "has more cells than the header",
        "formula_without_value": "holds a formula without a value",
        "other_kind": "is a kind of file that is not read",
        "link_outwards": "is a link that leads out of the folder",
        "no_entries": "holds no entry",
        "empty_file": "is empty",
        "hidden_sheet": "is a hidden sheet",
        "hidden_row": "is hidden",
        "hidden_column": "is a hidden column",
        "hidden_text": "holds {count} hidden passages, which are not read",
        "picture_only": "holds no text; a scan must go through text recognition first",
        "instructions": "is a sheet of instructions",
        "read_as": "was read as {encoding}",
        "same_wording": "has the wording “{wording}” of {first} too; both are kept",
        "same_id": "has the id {id} a second time; it goes by another one",
        "bad_id": "has an id that cannot be used; it goes by another one",
        "kept_aside": "the wording “{wording}” is kept aside, its entry {entry} is gone",
    },
)

_ZH = SourceWording(
    failing="⚠️ {what}{since}；{served}。",
    added_here="在这里添加的 {id}",
    failing_since="（从 {when} 起）",
    footer="⚠️ {source} 读不到{since}，其中的内容可能过时或缺失。",
    footer_more="⚠️ {source} 等 {count} 处读不到{since}，其中的内容可能过时或缺失。",
    left_out_last="上次更新未采用：{count} 项，更多请发送 /refresh 查看。",
    served_old="仍在使用 {when} 的 {count} 条",
    served_none="其中没有内容可用",
    more="……还有 {count} 项。",
    confirm="如果确实如此，请维护它的同事运行：python -m engine refresh {name} --confirm",
    left_out="· {where}：{reason}",
    row="（第 {row} 行）",
    unknown_failure="无法读取{row}，原因见引擎日志",
    unknown_reason="没有采用，原因见引擎日志",
    unknown_error="见引擎日志",
    failures={
        "missing": "不存在",
        "empty": "里没有内容",
        "unreachable": "无法连接",
        "slow": "响应太慢",
        "refused": "拒绝读取",
        "moving": "还在写入，下次再读",
        "emptied": "现在是空的，以前有内容；如果确实如此，请删除这个文件",
        "cut_off": "在一行中间断开了，可能没有复制完；请再复制一次",
        "shrunk": "从 {had} 条减少到 {has} 条，因此没有采用",
        "rewritten": "只剩下原来 {left} 的句子，因此没有采用",
    },
    kinds={
        "bad_encoding": "的编码无法识别，请另存为 UTF-8",
        "bad_row": "有一行无法读取{row}",
        "no_question_column": "没有“问题”列，或者列名重复{row}",
        "damaged": "已损坏，或者不是它名称所说的文件，请打开后重新保存",
        "encrypted": "设了密码，请去掉密码后另存",
        "missing_package": "需要的组件没有安装，请运维查看日志",
        "no_access": "没有读取权限",
        "other_kind": "是不支持的文件类型",
        "redirects": "转到了另一个地址，请直接填写那个地址",
        "slow_to_read": "读取时间太长，请拆分",
        "too_large": "超过了允许的大小{row}，请拆分",
        "web_page": "返回的是网页，可能需要登录",
    },
    reasons={
        "blank": "空行",
        "no_words": "没有文字或数字",
        "no_text": "有答复，没有问题",
        "repeat": "{first} 里已经有了",
        "other_answer": "和 {first} 的答复不同，采用先出现的",
        "too_long": "太长（{column} 列）",
        "above_header": "在表头上方：{text}",
        "too_many_cells": "单元格比表头多",
        "formula_without_value": "公式没有结果",
        "other_kind": "不支持这种文件",
        "link_outwards": "是指向文件夹外面的链接",
        "no_entries": "里没有内容",
        "empty_file": "是空文件",
        "hidden_sheet": "是隐藏的工作表",
        "hidden_row": "是隐藏的行",
        "hidden_column": "是隐藏的列",
        "hidden_text": "里有 {count} 处隐藏文字，没有读取",
        "picture_only": "没有文字；扫描件要先做文字识别",
        "instructions": "是填写说明",
        "read_as": "按 {encoding} 编码读取",
        "same_wording": "和 {first} 都有问法“{wording}”，两边都保留",
        "same_id": "编号 {id} 重复，改用了别的编号",
        "bad_id": "编号不能用，改用了别的编号",
        "kept_aside": "问法“{wording}”暂不使用：条目 {entry} 已经不在了",
    },
)

# What the engine holds back until somebody says that it is meant.
HELD_BACK = frozenset({"shrunk", "rewritten"})
_CELL = 80
_ADDED_HERE = "managed, id "
_ROW = re.compile(r":([0-9]{1,9})\b")

ShownTime = Callable[[datetime], str]


def source_wording(language: Language) -> SourceWording:
    return _ZH if language == "zh" else _EN


def failing(source: FailedSource, shown: ShownTime, language: Language) -> str:
    """One line: which source fails, why, since when, and what of it is served."""
    words = source_wording(language)
    served = (
        words.served_old.format(count=source.kept, when=shown(source.since))
        if source.kept and source.since
        else words.served_none
    )
    since = words.failing_since.format(when=shown(source.failing_since)) if source.failing_since else ""
    return words.failing.format(what=what_fails(source, language), since=since, served=served)


def footer(failed: Sequence[FailedSource], shown: ShownTime, language: Language) -> str:
    """The line under an answer while sources fail; "" while none does."""
    if not failed:
        return ""
    words = source_wording(language)
    begins = [each.failing_since for each in failed if each.failing_since]
    since = words.failing_since.format(when=shown(min(begins))) if begins else ""
    sentence = words.footer if len(failed) == 1 else words.footer_more
    # Chinese counts all of them, English those that are not named.
    count = len(failed) if language == "zh" else len(failed) - 1
    return sentence.format(source=place(failed[0].source, language), count=count, since=since)


def what_fails(source: FailedSource, language: Language) -> str:
    """A sentence without its end: the source, and why it cannot be read."""
    words, name = source_wording(language), place(source.source, language)
    if sentence := _fill(words.failures.get(source.code), source.details, language):
        return f"{name} {sentence}"
    if language == "en" and source.reason.startswith(source.source):
        return name + source.reason.removeprefix(source.source)
    place_of_row = _ROW.match(source.reason.removeprefix(source.source))
    row = words.row.format(row=place_of_row[1]) if place_of_row else ""
    if source.code in words.kinds:
        return f"{name} {words.kinds[source.code].format(row=row)}"
    return f"{name} {words.unknown_failure.format(row=row, reason=source.reason)}"


def left_out(each: LeftOut, language: Language) -> str:
    """One line: where, and why."""
    reason = why_left_out(each, language)
    return source_wording(language).left_out.format(where=place(each.where, language), reason=reason)


def why_left_out(each: LeftOut, language: Language) -> str:
    """The same without the place."""
    words = source_wording(language)
    sentence = _fill(words.reasons.get(each.code), each.details, language)
    return sentence or words.unknown_reason.format(reason=each.reason)


def place(where: str, language: Language) -> str:
    """A file of a server without the folders that lead to it; what was added in chat as that."""
    if where.startswith(_ADDED_HERE):
        return source_wording(language).added_here.format(id=where.removeprefix(_ADDED_HERE))
    return PurePosixPath(where).name if where.startswith("/") else where


def _fill(sentence: str | None, details: Mapping[str, str], language: Language) -> str:
    """The sentence with what belongs into it; "" where something of that is missing."""
    if sentence is None:
        return ""
    short = {name: _short(place(value, language)) for name, value in details.items()}
    try:
        return sentence.format(**short)
    except KeyError:
        return ""


def _short(value: str) -> str:
    one_line = " ".join(value.split())
    return one_line if len(one_line) <= _CELL else f"{one_line[: _CELL - 1]}…"
