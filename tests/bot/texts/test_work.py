from __future__ import annotations

from dataclasses import fields
from string import Formatter

import pytest

from bot.texts.work import WorkWording, work_wording


def placeholders(template: str) -> list[str]:
    return sorted({name for _, name, _, _ in Formatter().parse(template) if name is not None})


@pytest.mark.parametrize("field", [field.name for field in fields(WorkWording)])
def test_both_languages_fill_in_the_same_values(field: str) -> None:
    zh, en = (getattr(work_wording(language), field) for language in ("zh", "en"))
    assert zh
    assert en
    assert placeholders(zh) == placeholders(en)
    assert all(name.isidentifier() for name in placeholders(zh))
