"""The arrow between a text and its answer, in the forms in which people write it.

A Chinese keyboard turns `=>` into `＝＞` or `=》`, and editors make `→` of it. A line with
`=>` means that one; else the first of the others counts.
"""

from __future__ import annotations

import re

_PLAIN = re.compile(r"[=＝][>＞]")
_OTHER = re.compile(r"[=＝][》〉]|[-－—–]{1,2}[>＞》〉]|[→⇒➜➔⟶⟹]")
# Taken off by hand: a pattern that begins with any number of blanks is slow over many.
_BLANKS = " \t"


def with_plain_arrows(lines: str) -> str:
    """Each line with its arrow as ` => `; a line without one is as it was."""
    return "\n".join(map(_with_plain_arrow, lines.split("\n")))


def without_arrow(text: str) -> str:
    """The text without an arrow at its beginning."""
    head = text.lstrip(_BLANKS)
    found = _PLAIN.match(head) or _OTHER.match(head)
    return head[found.end() :].lstrip(_BLANKS) if found else text


def split_at_arrow(text: str) -> tuple[str, str]:
    """The text before the arrow of the first line, and all that follows it; "" without one."""
    line = text.partition("\n")[0]
    arrow = _PLAIN.search(line) or _OTHER.search(line)
    return (text, "") if arrow is None else (text[: arrow.start()], text[arrow.end() :])


def _with_plain_arrow(line: str) -> str:
    arrow = _PLAIN.search(line) or _OTHER.search(line)
    if arrow is None:
        return line
    return f"{line[: arrow.start()].rstrip(_BLANKS)} => {line[arrow.end() :].lstrip(_BLANKS)}"
