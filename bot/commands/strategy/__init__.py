"""/strategy and /keywords."""

from __future__ import annotations

from typing import get_args

from bot.commands.base.family import Family
from bot.commands.strategy.grammar import VERBS, StrategyCommand
from bot.commands.strategy.reply import build

FAMILY = Family(VERBS, get_args(StrategyCommand), build)
