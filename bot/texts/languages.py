"""The catalogue of sentences for each language."""

from __future__ import annotations

from bot.domain import Language
from bot.texts import en, zh
from bot.texts.wording import Wording


def wording(language: Language) -> Wording:
    return zh.WORDING if language == "zh" else en.WORDING
