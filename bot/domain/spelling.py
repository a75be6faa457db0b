"""When two spellings are one question."""

from __future__ import annotations

import unicodedata


def fold(text: str) -> str:
    """A question as it is told from others: width, case and stray blanks do not count."""
    return " ".join(unicodedata.normalize("NFKC", text).casefold().split())
