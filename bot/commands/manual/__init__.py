"""What each command is for, in both languages: one line for the list, a page for `/help COMMAND`.

Every form is written as somebody would type it, so that it can be copied and changed.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from bot.commands.manual import en, zh
from bot.commands.manual.page import Page
from bot.domain import Language

PAGES: Mapping[Language, Mapping[str, Page]] = MappingProxyType({"en": en.PAGES, "zh": zh.PAGES})

__all__ = ["PAGES", "Page"]
