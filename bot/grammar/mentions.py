"""Mentions of the bot at both ends of a text."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from bot.grammar.fold import Folded, fold


@dataclass(frozen=True, slots=True)
class Span:
    start: int
    end: int
    mentioned: bool = False


def without_mentions(text: str, *, names: Sequence[str], in_group: bool) -> str:
    """The text besides mentions of the bot, in the writer's own characters."""
    copy = fold(text)
    span = mentions_off(copy, names, in_group=in_group)
    return copy.original_of(span.start, span.end)


def mentions_off(copy: Folded, names: Sequence[str], *, in_group: bool) -> Span:
    """The span between our own mentions. Others that stand before ours go with it in a group."""
    called = sorted({f"@{fold(name).lower}" for name in names if name}, key=len, reverse=True)
    end = copy.before_blanks(0, len(copy.text))
    start = at = copy.after_blanks(0, end)
    mentioned = False
    while at < end and copy.text[at] == "@":
        after = _end_of_own_mention(copy, at, end, called)
        if after is not None:
            start = at = copy.after_blanks(after, end)
            mentioned = True
            continue
        blank = copy.text.find(" ", at, end) if in_group else -1
        if blank < 0:
            break
        at = copy.after_blanks(blank, end)
    while start < end and (
        name := next((name for name in called if copy.lower.endswith(name, start, end)), None)
    ):
        end = copy.before_blanks(start, end - len(name))
        mentioned = True
    return Span(start, end, mentioned)


def _end_of_own_mention(copy: Folded, at: int, end: int, called: Sequence[str]) -> int | None:
    for name in called:
        after = at + len(name)
        if copy.lower.startswith(name, at, end) and not (
            _is_latin(copy.lower[after - 1]) and after < end and _is_latin(copy.lower[after])
        ):
            return after
    return None


def _is_latin(character: str) -> bool:
    return character.isascii() and character.isalnum()
