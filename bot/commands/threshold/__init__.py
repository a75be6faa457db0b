"""/threshold."""

from __future__ import annotations

from typing import get_args

from bot.commands.base.family import Family
from bot.commands.threshold.grammar import VERBS, ThresholdCommand
from bot.commands.threshold.reply import build

FAMILY = Family(VERBS, get_args(ThresholdCommand), build)
