"""The words of the console: none hides another, and both languages say something."""

from __future__ import annotations

import re
from collections import defaultdict

from bot.console.words import PAGES

_PLACE = re.compile(r"\{(\w+)\}")


def test_no_page_takes_a_word_from_another() -> None:
    meanings: dict[str, set[tuple[str, str]]] = defaultdict(set)
    for page in PAGES:
        for key, word in page.items():
            meanings[key].add(word)
    assert {key: words for key, words in meanings.items() if len(words) > 1} == {}


def test_both_languages_have_every_word_with_the_same_places() -> None:
    for page in PAGES:
        for key, (english, chinese) in page.items():
            assert (key, bool(english), bool(chinese)) == (key, True, True)
            assert (key, set(_PLACE.findall(english))) == (key, set(_PLACE.findall(chinese)))
