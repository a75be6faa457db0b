"""Whether a post names us, by the server's own rule, and the post without that name.

The server reads a post as Markdown: what is code names nobody, escapes and character references are
resolved first. Words hold letters, numbers and `: . - _ @`; marks at the end of one are dropped until it
is somebody's name.
"""

from __future__ import annotations

import html
import re
from bisect import bisect_right
from collections import defaultdict
from collections.abc import Callable, Iterator

_FENCE = re.compile(r" {0,3}(`{3,}|~{3,})(.*)")
_BLANK = re.compile(r"\s*")
_TICKS = re.compile(r"(?<!\\)`+")
_WORD = re.compile(r"[\w.:@-]+")
_PARTS = re.compile(r"[.:-]")
_AT_WORD = re.compile(r"(?<![^\W_])(?<!@)@([\w.:@-]*)")
_ESCAPE = re.compile(r"\\([!-/:-@\[-`{-~])")
_DESTINATION = re.compile(r"\]\([^()\s]{0,2000}\)")
_MARKS = ":.-_"


def names(text: str, username: str) -> bool:
    """Whether `@username` stands in the text as a name."""
    words = " ".join(piece for piece, is_code in _pieces(text) if not is_code)
    visible = html.unescape(_ESCAPE.sub(r"\1", _DESTINATION.sub("]", words)))
    return any(_is_named_in(word, username) for word in _WORD.findall(visible))


def _is_named_in(word: str, username: str) -> bool:
    """Whether a word names us by the server's rule: one with another sign in front is split at its marks."""
    bare = word.lstrip(_MARKS)
    if bare.startswith("@"):
        return _rest_behind(bare[1:], username) is not None
    return f"@{username}".casefold() in map(str.casefold, _PARTS.split(bare))


def without_name(text: str, username: str) -> str:
    """The text without `@username` where it is a name, and without the colon or comma behind it."""

    def drop(found: re.Match[str]) -> str:
        rest = _rest_behind(found[1], username)
        return found[0] if rest is None else rest.removeprefix(":")

    pieces = (piece if is_code else _sub_outside_targets(drop, piece) for piece, is_code in _pieces(text))
    return "".join(pieces).strip().lstrip(",，：").strip()


def _sub_outside_targets(drop: Callable[[re.Match[str]], str], piece: str) -> str:
    """Replace each word that begins with an @ by `drop` of it, but for those in the targets of links."""
    written, end = [], 0
    for target in _DESTINATION.finditer(piece):
        written += [_AT_WORD.sub(drop, piece[end : target.start()]), target[0]]
        end = target.end()
    return "".join([*written, _AT_WORD.sub(drop, piece[end:])])


def _rest_behind(word: str, username: str) -> str | None:
    """The punctuation behind the name at the head of a word; None where it is another word."""
    head, rest = word[: len(username)], word[len(username) :]
    return rest if head.casefold() == username.casefold() and not rest.strip(_MARKS) else None


def _pieces(text: str) -> Iterator[tuple[str, bool]]:
    """The whole text in pieces, each with whether it is code."""
    for block, is_code in _blocks(text):
        if is_code:
            yield block, True
        elif block:
            yield from _spans(block)


def _blocks(text: str) -> Iterator[tuple[str, bool]]:
    """Paragraphs, and between them what is fenced or indented code."""
    block: list[str] = []
    fence, follows_blank = "", True
    for line in text.splitlines(keepends=True):
        mark = _fence_in(line)
        if fence:
            yield line, True
            if mark.startswith(fence) and not line.strip().strip(mark[0]):
                fence = ""
            continue
        is_blank = _BLANK.fullmatch(line) is not None
        is_code = bool(mark) or (follows_blank and not is_blank and line.startswith(("    ", "\t")))
        if is_code or is_blank:
            yield "".join(block), False
            block = []
            yield line, is_code
        else:
            block.append(line)
        fence = mark
        follows_blank = is_blank or (is_code and not mark)
    yield "".join(block), False


def _fence_in(line: str) -> str:
    found = _FENCE.match(line)
    return found[1] if found and not (found[1][0] == "`" and "`" in found[2]) else ""


def _spans(block: str) -> Iterator[tuple[str, bool]]:
    """A paragraph, parted where code begins and ends: between two runs of backticks of one length."""
    runs = [(found.start(), found.end()) for found in _TICKS.finditer(block)]
    by_length: defaultdict[int, list[int]] = defaultdict(list)
    for number, (start, end) in enumerate(runs):
        by_length[end - start].append(number)
    at = number = 0
    while number < len(runs):
        start, end = runs[number]
        same = by_length[end - start]
        place = bisect_right(same, number)
        if place == len(same):
            number += 1
            continue
        closing = runs[same[place]][1]
        yield block[at:start], False
        yield block[start:closing], True
        at, number = closing, same[place] + 1
    yield block[at:], False
