"""Replies on a terminal, in a pipe, or as JSON. Nothing here asks, waits or decides.

All foreign text goes through `plain`: no entry can move the cursor, set a title or
turn the reading direction of what follows it.
"""

from __future__ import annotations

import json
import unicodedata
from collections.abc import Callable
from datetime import datetime
from typing import Protocol, TextIO

from rich.console import Console, Group, RenderableType
from rich.table import Table
from rich.text import Text as Styled

from bot import texts
from bot.domain import Answer, Match, Reply, as_payload

Now = Callable[[], datetime]

ANSWER_MARK = "→"
COLOURS = {"strong": "green", "fair": "yellow", "weak": "red"}
_TURNS_DIRECTION = frozenset("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069\u200e\u200f\u061c")


class Screen(Protocol):
    """The output of the chat: shows one reply at a time."""

    def show(self, reply: Reply) -> None: ...


class Colours:
    """Replies for a person at a terminal: colour, bold, as wide as the window."""

    def __init__(self, console: Console, now: Now) -> None:
        self._console = console
        self._now = now

    def show(self, reply: Reply) -> None:
        # One write a reply, so that nothing flickers and two replies never mix.
        self._console.print(Group(_draw(reply, self._now()), ""))


class Plain:
    """Replies for a pipe: the same words without colour or wrapping, and a blank line between replies."""

    def __init__(self, out: TextIO, now: Now) -> None:
        self._out = out
        self._now = now

    def show(self, reply: Reply) -> None:
        self._out.write(as_text(reply, self._now()) + "\n\n")
        self._out.flush()


class JsonLines:
    """Replies for a program: one JSON object each, with the text as a pipe would have it and the matches."""

    def __init__(self, out: TextIO, now: Now) -> None:
        self._out = out
        self._now = now

    def show(self, reply: Reply) -> None:
        matches = [_as_result(match) for match in reply.matches] if isinstance(reply, Answer) else []
        line = {"text": as_text(reply, self._now()), "matches": matches}
        self._out.write(json.dumps(line, ensure_ascii=False) + "\n")
        self._out.flush()


def as_text(reply: Reply, now: datetime) -> str:
    """The reply in words alone."""
    if not isinstance(reply, Answer):
        return plain(texts.with_commands(reply))
    if reply.matches:
        lines = [line for match in reply.matches for line in _match_lines(match, reply)]
    else:
        lines = [plain(texts.nothing_found(reply))]
    return "\n".join([*lines, *map(plain, _under(reply, now))])


def _under(answer: Answer, now: datetime) -> list[str]:
    """The lines under an answer."""
    tie = [line for line in (texts.near_tie(answer), texts.near_tie_command(answer)) if line]
    return [texts.context_line(answer, now), *tie, *answer.notes]


def plain(text: str) -> str:
    """Foreign text without anything that a terminal would obey; line ends and tabs stay."""
    return "".join(
        character if character in "\n\t" or _is_harmless(character) else "\N{REPLACEMENT CHARACTER}"
        for character in text.replace("\r\n", "\n")
    )


def _is_harmless(character: str) -> bool:
    return unicodedata.category(character) not in {"Cc", "Cs"} and character not in _TURNS_DIRECTION


def _match_lines(match: Match, answer: Answer) -> list[str]:
    word = texts.tier_word(match.score, answer.language)
    lines = [
        f"{match.rank}. {plain(match.text)}",
        f"   {texts.bar(match.score)} {texts.score(match.score)} {texts.tier_mark(match.score)} {word}",
    ]
    matched = texts.what_matched(match, answer.language)
    if matched:
        lines.append(f"   {plain(matched)}")
    return [*lines, f"   {ANSWER_MARK} {plain(match.answer)}"] if match.answer else lines


def _draw(reply: Reply, now: datetime) -> RenderableType:
    if not isinstance(reply, Answer):
        return Styled(plain(texts.with_commands(reply)))
    context = Styled(plain("\n".join(_under(reply, now))), style="dim")
    if not reply.matches:
        return Group(Styled(plain(texts.nothing_found(reply))), context)
    table = Table.grid(padding=(0, 1))
    table.add_column(justify="right", style="dim", no_wrap=True)
    table.add_column()
    for match in reply.matches:
        table.add_row(str(match.rank), _draw_match(match, reply))
    return Group(table, context)


def _draw_match(match: Match, answer: Answer) -> RenderableType:
    colour = COLOURS[texts.tier(match.score)]
    filled = texts.bar(match.score, width=20)
    length = filled.count("█")
    score = Styled.assemble(
        (filled[:length], colour),
        (filled[length:], "bright_black"),
        " ",
        (texts.score(match.score), f"bold {colour}"),
        " ",
        (texts.tier_word(match.score, answer.language), colour),
    )
    lines: list[RenderableType] = [_with_bold(match.text, match.bold), score]
    matched = texts.what_matched(match, answer.language)
    if matched:
        lines.append(Styled(plain(matched), style="dim"))
    if match.answer:
        # A column of its own, so that the second line of an answer stands under its first.
        columns = Table.grid(padding=(0, 1))
        columns.add_row(Styled(ANSWER_MARK, style="dim"), _with_bold(match.answer, match.bold_answer))
        lines.append(columns)
    return Group(*lines)


def _with_bold(text: str, bold: tuple[int, int] | None) -> Styled:
    if bold is None:
        return Styled(plain(text))
    start, end = bold
    return Styled.assemble(plain(text[:start]), (plain(text[start:end]), "bold"), plain(text[end:]))


def _as_result(match: Match) -> object:
    """A match with the names that a search answer uses."""
    result = as_payload(match)
    return {"rank": result.pop("rank"), "id": result.pop("entry_id"), **result}
