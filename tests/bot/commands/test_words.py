"""The sentences of each family: both languages fill in the same values, and neither leaves one out."""

from __future__ import annotations

from dataclasses import fields
from importlib import import_module
from pkgutil import iter_modules
from string import Formatter
from typing import Any

import pytest

import bot.commands
from bot.responder import model_change_words


def sentences() -> list[tuple[str, Any, str]]:
    """Where each sentence stands, the words by language, and its name."""
    families = [
        import_module(f"bot.commands.{one.name}.words")
        for one in iter_modules(bot.commands.__path__)
        if one.ispkg and one.name != "base"
    ]
    return [
        (module.__name__, module.WORDS, field.name)
        for module in (*families, model_change_words)
        if hasattr(module, "WORDS")
        for field in fields(module.WORDS["en"])
    ]


def placeholders(template: str) -> list[str]:
    return sorted({name for _, name, _, _ in Formatter().parse(template) if name is not None})


@pytest.mark.parametrize(("where", "words", "name"), sentences())
def test_both_languages_fill_in_the_same_values(where: str, words: Any, name: str) -> None:
    zh, en = (getattr(words[language], name) for language in ("zh", "en"))
    assert zh, where
    assert en, where
    assert placeholders(zh) == placeholders(en)
    assert all(each.isidentifier() for each in placeholders(zh))
