"""The page of the toy."""

from __future__ import annotations

from collections.abc import Mapping

WORDS: Mapping[str, tuple[str, str]] = {
    "tab_toy": ("Toys", "玩具"),
    "toy_rows": ("Rows in an answer: {count}", "每次回答 {count} 行"),
}
