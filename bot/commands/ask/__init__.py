"""Questions."""

from __future__ import annotations

from bot.commands.ask.grammar import VERBS
from bot.commands.base.family import Family

FAMILY = Family(VERBS)
