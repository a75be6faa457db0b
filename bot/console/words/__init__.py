"""Every word of the console, English beside Chinese, a module a page.

What is put into a sentence is never one itself.
"""

from __future__ import annotations

from collections.abc import Mapping

from bot.console.words import (
    channels,
    dial,
    knowledge,
    operators,
    questions,
    shell,
    teach,
    vectors,
    week,
)
from bot.domain import Language

PAGES = (
    shell.WORDS,
    dial.WORDS,
    vectors.WORDS,
    channels.WORDS,
    knowledge.WORDS,
    questions.WORDS,
    teach.WORDS,
    week.WORDS,
    operators.WORDS,
)
_WORDS: Mapping[str, tuple[str, str]] = {key: word for page in PAGES for key, word in page.items()}


def words_in(language: Language) -> Mapping[str, str]:
    """The words by their keys; a template that names one that is not there fails."""
    return _IN[language]


_IN: Mapping[Language, Mapping[str, str]] = {
    "en": {key: english for key, (english, _) in _WORDS.items()},
    "zh": {key: chinese for key, (_, chinese) in _WORDS.items()},
}
