"""/inspect."""

from __future__ import annotations

from bot.commands.base.family import Family
from bot.commands.inspect.grammar import VERBS, Inspect
from bot.commands.inspect.reply import build

FAMILY = Family(VERBS, (Inspect,), build)
