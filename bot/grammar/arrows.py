"""The arrow between a text and its answer, in the forms in which people write it.

A Chinese keyboard turns `=>` into `＝＞` or `=》`, and editors make `→` of it. A line with
`=>` means that one; else the first of the others counts.
"""

from __future__ import annotations

import re

_PLAIN = re.compile(r"[ \t]*[=＝][>＞][ \t]*")
_OTHER = re.compile(r"[ \t]*(?:[=＝][》〉]|[-－—–]{1,2}[>＞》〉]|[→⇒➜➔⟶⟹])[ \t]*")


def with_plain_arrows(lines: str) -> str:
    """Each line with its arrow as ` => `; a line without one is as it was."""
    return "\n".join(map(_one, lines.split("\n")))


def without_arrow(text: str) -> str:
    """The text without an arrow at its beginning."""
    for arrow in (_PLAIN, _OTHER):
        found = arrow.match(text)
        if found:
            return text[found.end() :]
    return text


def _one(line: str) -> str:
    arrow = _PLAIN if _PLAIN.search(line) else _OTHER
    return arrow.sub(" => ", line, count=1)
