"""What each command is for, in both languages: one line for the list, a page for `/help COMMAND`.

Every form is written as somebody would type it, so that it can be copied and changed.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from bot.commands.base import manual_en, manual_zh
from bot.domain import Language
from bot.grammar.page import Page

PAGES: Mapping[Language, Mapping[str, Page]] = MappingProxyType(
    {"en": manual_en.PAGES, "zh": manual_zh.PAGES}
)

__all__ = ["PAGES", "Page"]
