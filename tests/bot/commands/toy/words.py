"""The words of /toy, in both languages."""

from __future__ import annotations

from collections.abc import Mapping

from bot.domain import Language, Setting
from bot.grammar.verb import Page

PAGES: Mapping[str, Mapping[Language, Page]] = {
    "toy": {
        "en": Page("how many toys there are", "a number from 1 to 9", {}),
        "zh": Page("有几个玩具", "1 到 9 之间的整数", {}),
    },
}
SETTING_NAMES: Mapping[Setting, Mapping[Language, str]] = {"toys": {"en": "Toys", "zh": "玩具"}}
TOYS: Mapping[Language, str] = {"en": "Toys here: {count}.", "zh": "这里有 {count} 个玩具。"}
