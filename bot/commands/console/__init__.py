"""/console."""

from __future__ import annotations

from bot.commands.base.family import Family
from bot.commands.console.grammar import VERBS, OpenConsole
from bot.commands.console.reply import build

FAMILY = Family(VERBS, (OpenConsole,), build)
