"""The list of all sentences. What a field is for is said where it is used.

A field that is missing in one language is a type error; a test compares the
placeholders of the two.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from bot.domain import Language

Tier = Literal["strong", "fair", "weak"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Wording:
    """The sentences of one language, with the placeholders in braces."""

    # under every answer
    context: str
    shown: str
    from_channel: str
    from_knowledge_base: str
    from_default: str
    turned: str
    # when nothing passes
    nothing: str
    nothing_suggestion: str
    nothing_at_all: str
    knowledge_base_empty: str
    kb_add_example: str
    # how long ago
    just_now: str
    minutes_ago: str
    hours_ago: str
    days_ago: str
    never: str
    # tiers
    strong: str
    fair: str
    weak: str
    # labels of buttons and menus
    answer_label: str
    helpful: str
    not_helpful: str
    more: str
    dial: str
    feedback: str
    source: str


def wording(language: Language) -> Wording:
    from bot.texts import en, zh  # noqa: PLC0415 - they are made of the class above

    return zh.WORDING if language == "zh" else en.WORDING
