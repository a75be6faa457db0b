"""/status, /settings and /help."""

from __future__ import annotations

from collections.abc import Callable, Collection
from typing import get_args

from bot.commands.base.family import Family
from bot.commands.overview.grammar import OverviewCommand, verbs
from bot.commands.overview.reply import build


def family(known: Callable[[], Collection[str]]) -> Family:
    """`known`: the names of all verbs, of this family too."""
    return Family(verbs(known), get_args(OverviewCommand), build)
