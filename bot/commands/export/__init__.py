"""/export."""

from __future__ import annotations

from bot.commands.base.family import Family
from bot.commands.export.grammar import VERBS, Export
from bot.commands.export.reply import build

FAMILY = Family(VERBS, (Export,), build)
