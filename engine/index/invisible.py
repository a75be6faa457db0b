"""Characters that nobody sees, and that come with what is copied from pages and documents."""

from __future__ import annotations

import re
from typing import Final

# Soft hyphen, combining grapheme joiner, Mongolian vowel separator, zero-width space, directions,
# word joiner and invisible operators, byte order mark. Not the joiners U+200C and U+200D, which
# make other letters and pictures of what they stand between, nor the choices of a picture.
_NEVER_SEEN: Final = "\u00ad\u034f\u180e\u200b\u200e\u200f\u202a-\u202e\u2060-\u2064\u2066-\u206f\ufeff"
_ODD = re.compile(f"[{_NEVER_SEEN}\u2010-\u2012\u2212\ufe63\uff0d]")
_HYPHENS: Final = frozenset("\u2010\u2011\u2012\u2212\ufe63\uff0d")


def visible(text: str) -> str:
    r"""Without what is never seen, and with every hyphen as the one on the keyboard.

    >>> visible("wi\u00adde\u2011body")
    'wide-body'
    """
    if text.isascii() or not _ODD.search(text):
        return text
    return _ODD.sub(lambda found: "-" if found[0] in _HYPHENS else "", text)
