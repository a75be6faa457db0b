"""Foreign text for a terminal: what would steer it, or turn the writing, is shown as what it is."""

from __future__ import annotations

import unicodedata

_KEPT = "\n\t"
_JOINERS = "\u200c\u200d"  # parts of emoji and of Persian words


def plain(text: str) -> str:
    r"""The same with control and format characters escaped.

    >>> plain("red \x1b[31m, and \u202ebackwards")
    'red \\x1b[31m, and \\u202ebackwards'
    """
    if text.isascii() and text.isprintable():
        return text
    return "".join(each if _is_harmless(each) else _escape(each) for each in text)


def _is_harmless(character: str) -> bool:
    return character in _KEPT or character in _JOINERS or unicodedata.category(character) not in {"Cc", "Cf"}


def _escape(character: str) -> str:
    return character.encode("unicode_escape").decode()
