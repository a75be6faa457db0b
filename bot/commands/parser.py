"""Reading what people write: a command, a command gone wrong, or a question.

One grammar for every platform. Nothing here knows settings, an engine or a database,
and nothing here raises, whatever the text.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace

from bot.commands.overview.grammar import Help
from bot.commands.registry import PREFIX, VERBS
from bot.grammar.arguments import SENTENCE_END, Argument, argument
from bot.grammar.command import BadCommand, Command, Parsed, Question
from bot.grammar.fold import Folded, fold
from bot.grammar.mentions import Span, mentions_off

MARKS = ",:;、.。!…—-"
WRAPPINGS = "`*_~"
SLASHES = "/、"  # under a Chinese input method the slash key writes 、
_AFTER_A_VERB = " :=0123456789" + SENTENCE_END
_WORD = re.compile(r"[a-z]+")
_INNER_AT = re.compile(r"(?<=\S)\s+[@＠]")
_LATIN_HEAD = re.compile(r"[0-9A-Za-z]")
_INNER_MARKS = " \t\r\n\f\v\u3000\xa0,，:："
# What a Chinese speaker writes after the slash.
CHINESE_VERBS = {
    "帮助": "help",
    "阈值": "threshold",
    "提问": "ask",
    "条数": "limit",
    "知识库": "kb",
    "策略": "strategy",
    "审核": "review",
    "复核": "review",
    "关键词": "keywords",
    "调优": "tune",
    "分析": "inspect",
    "队列": "queue",
    "缺口": "gaps",
    "教学": "teach",
    "名称": "name",
    "管理员": "admin",
    "导出": "export",
    "刷新": "refresh",
    "更新": "refresh",
    "状态": "status",
    "设置": "settings",
    "语言": "language",
}
_CHINESE_WORD = re.compile("|".join(sorted(CHINESE_VERBS, key=len, reverse=True)))
_PREFIXED = re.compile(rf"[/、] *{PREFIX} +")
_WORD_ALONE = re.compile(r"[/、]? *([a-z][a-z_-]{0,30})(?= |$)")
_SLASHED_WORD = re.compile(r"[/、] *([a-z][a-z_-]{0,30})(?= |$)")


def parse(text: str, *, names: Sequence[str], mentioned: bool, in_group: bool) -> Parsed:
    """Read a text. Every text is something; most are questions.

    `names` are the bot's own, whose mention is taken off both ends. `mentioned`: the
    platform already took the mention off. After a mention the slash may be missing
    when the whole text is a valid command. `in_group`: a text that begins with some
    other mention may still hold a command further on (a bot renamed by its group).
    """
    text, is_named = _without_inner_mentions(text, names)
    copy = fold(text)
    span = mentions_off(copy, names, in_group=in_group)
    if mentioned or is_named or span.mentioned:
        span = _without_marks(copy, span)
    span = _without_wrapping(copy, replace(span, mentioned=span.mentioned or is_named))
    found = _command_at(copy, span.start, span.end)
    if found is None and in_group and copy.text[span.start : span.start + 1] == "@":
        found = _command_after_a_mention(copy, span)
        if found is None:
            span = _without_stale_mention(copy, span)
    if found is None and (mentioned or span.mentioned):
        found = _command_without_slash(copy, span)
    return found or _question(copy, span)


def _without_inner_mentions(text: str, names: Sequence[str]) -> tuple[str, bool]:
    """The text without the mentions of ours amid its words, and whether there was one."""
    # What follows a verb belongs to it: an entry may name us.
    if text.lstrip()[:1] in (*SLASHES, "@", "＠"):
        return text, False
    kept, rest, is_found = "", text, False
    while (at := _INNER_AT.search(rest)) is not None:
        after = _after_name(rest[at.end() :], names)
        is_found = is_found or after is not None
        kept += rest[: at.start()] + " " if after is not None else rest[: at.end()]
        rest = rest[at.end() :] if after is None else after
    return (kept + rest, True) if is_found else (text, False)


def _after_name(text: str, names: Sequence[str]) -> str | None:
    """The rest after one of our names at the head of the text; None where none is, or nothing comes."""
    for name in sorted(filter(None, names), key=len, reverse=True):
        after = text[len(name) :]
        if text[: len(name)].casefold() == name.casefold() and not _LATIN_HEAD.match(after):
            return after.lstrip(_INNER_MARKS) or None
    return None


def _without_marks(copy: Folded, span: Span) -> Span:
    """Without the comma or colon after a mention; a 、 may stand for a slash."""
    at = span.start
    while at < span.end and copy.text[at] in MARKS:
        if copy.text[at] in SLASHES and _command_at(copy, at, span.end) is not None:
            break
        at = copy.after_blanks(at + 1, span.end)
    # Marks alone are all there is to say.
    return span if at >= span.end else replace(span, start=at)


def _without_wrapping(copy: Folded, span: Span) -> Span:
    """Without the emphasis or code marks around the whole."""
    start, end = span.start, span.end
    while (
        end - start > len("**") and copy.text[start] in WRAPPINGS and copy.text[end - 1] == copy.text[start]
    ):
        start, end = copy.after_blanks(start + 1, end), copy.before_blanks(start, end - 1)
    return span if start >= end else replace(span, start=start, end=end)


def _command_after_a_mention(copy: Folded, span: Span) -> Command | BadCommand | None:
    for at in range(span.start + 1, span.end):
        if copy.text[at] in SLASHES and copy.text[at - 1] == " ":
            found = _command_at(copy, at, span.end)
            if found is not None:
                return found
    return None


def _without_stale_mention(copy: Folded, span: Span) -> Span:
    blank = copy.text.find(" ", span.start, span.end)
    if blank <= span.start + 1:
        return span
    return Span(copy.after_blanks(blank, span.end), span.end, span.mentioned)


def _command_at(copy: Folded, start: int, end: int) -> Command | BadCommand | None:
    """The command that begins here with a slash and a known word, if one does."""
    if start >= end or copy.text[start] not in SLASHES:
        return None
    at = copy.after_blanks(start + 1, end)
    after = _end_of_word(copy, at, end)
    if copy.lower[at:after] != PREFIX:
        return _verb_at(copy, at, end)
    inner = copy.after_blanks(after, end)
    if inner == end:
        return Help()
    if copy.text[inner] in SLASHES:
        inner = copy.after_blanks(inner + 1, end)
    return _verb_at(copy, inner, end)


def _command_without_slash(copy: Folded, span: Span) -> Command | None:
    # 状态 alone may be a question about an order; after a slash it is none.
    if _CHINESE_WORD.match(copy.lower, span.start, span.end):
        return None
    found = _verb_at(copy, span.start, span.end)
    return None if found is None or isinstance(found, BadCommand) or found.needs_slash else found


def _verb_at(copy: Folded, at: int, end: int) -> Command | BadCommand | None:
    after = _end_of_word(copy, at, end)
    word = copy.lower[at:after]
    verb = VERBS.get(CHINESE_VERBS.get(word, word))
    if verb is None or not (after == end or copy.text[after] in _AFTER_A_VERB):
        return None
    return verb.read(_argument(copy, after, end))


def _end_of_word(copy: Folded, at: int, end: int) -> int:
    word = _WORD.match(copy.lower, at, end) or _CHINESE_WORD.match(copy.lower, at, end)
    return word.end() if word else at


def _argument(copy: Folded, start: int, end: int) -> Argument:
    start = copy.after_blanks(start, end)
    if start < end and copy.text[start] in ":=":
        start = copy.after_blanks(start + 1, end)
    return argument(copy.text[start:end], copy.original_of(start, end))


def _question(copy: Folded, span: Span) -> Question:
    prefixed = _PREFIXED.match(copy.lower, span.start, span.end)
    start = prefixed.end() if prefixed else span.start
    unknown = (_WORD_ALONE if prefixed else _SLASHED_WORD).match(copy.lower, start, span.end)
    return Question(copy.original_of(start, span.end), unknown.group(1) if unknown else "")
