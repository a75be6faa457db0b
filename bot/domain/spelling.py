"""Normalised questions: two spellings of one question are equal after `fold`."""

from __future__ import annotations

import unicodedata


def fold(text: str) -> str:
    """The normal form of a question: NFKC, case folded, single blanks."""
    return " ".join(unicodedata.normalize("NFKC", text).casefold().split())
