"""Parts what was rendered into pieces that fit into a message each, and are as inert as the whole."""

from __future__ import annotations

import re

from bot.platforms.wecom.markup import BREAK, line_start

_QUOTE = "> "
# These belong to the character before them. No writing stacks more of them than that; who sends
# thousands would otherwise have a message for each.
_LONGEST_CLUSTER = 64
_dependent = re.compile("[\u0300-\u036f\u200b\u200d\ufe00-\ufe0f\U0001f3fb-\U0001f3ff]")
# Links and colours of ours; foreign text has breaks where it would look like one.
_whole = re.compile(r"\[[^\[\]\n]+\]\([^()\s]+\)|<font[^<>\n]+>[^<>\n]+</font>")


def split(text: str, limit_bytes: int, note: str, *, reserve_bytes: int = 0) -> tuple[str, ...]:
    """The text in pieces of at most `limit_bytes`; all but the last end with `note`.

    Parted between lines where there are any, else between characters. What a line is in
    (a quote, a bold span) is closed before the seam and opened again behind it, a link or
    a colour is not parted, and a line that goes on in the next piece starts nothing there.
    `reserve_bytes`: a note as long as that may be put in the place of ours.
    """
    pieces = []
    rest = text.strip("\n")
    room = limit_bytes - len(b"**\n") - max(len(note.encode()), reserve_bytes)
    while len(rest.encode()) > limit_bytes:
        seam = _seam(rest, room)
        head, rest = rest[:seam].rstrip("\n"), _behind(rest, seam)
        if head.count("**") % 2:
            head, rest = head.rstrip() + "**", _reopen(rest)
        pieces.append(f"{head}\n{note}")
    return (*pieces, rest)


def _seam(text: str, room_bytes: int) -> int:
    """The index to split at: at most `room_bytes` of UTF-8 before it, and enough that splitting ends."""
    fits = len(text.encode()[:room_bytes].decode(errors="ignore"))
    for boundary in ("\n\n", "\n"):
        found = text.rfind(boundary, fits // 2, fits)
        if found > 0:
            return found
    for seam in range(fits, max(fits - _LONGEST_CLUSTER, fits // 2), -1):
        if not _dependent.match(text[seam]) and text[seam - 1 : seam + 1] != "**":
            return _not_inside(text, seam, least=fits // 4)
    return max(fits, 1)


def _not_inside(text: str, seam: int, *, least: int) -> int:
    """The seam, or the beginning of the link or colour that it would part."""
    line = text.rfind("\n", 0, seam) + 1
    for mark in ("[", "<font"):
        start = text.rfind(mark, line, seam + len(mark) - 1)
        found = _whole.match(text, start) if start > least else None
        if found is not None and found.end() > seam:
            return start
    return seam


def _behind(text: str, seam: int) -> str:
    """The text behind the seam; the rest of a quoted line stays a quote, and becomes no heading or list."""
    rest = text[seam:]
    if rest.startswith("\n"):
        return rest.lstrip("\n")
    line = text.rfind("\n", 0, seam) + 1
    quote = _QUOTE if text.startswith(_QUOTE, line) else ""
    return quote + (BREAK if line_start.match(rest) or rest[:1].isspace() else "") + rest


def _reopen(rest: str) -> str:
    quote = _QUOTE if rest.startswith(_QUOTE) else ""
    return f"{quote}**{rest.removeprefix(quote)}"
