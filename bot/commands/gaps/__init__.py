"""/gaps."""

from __future__ import annotations

from typing import get_args

from bot.commands.base.family import Family
from bot.commands.gaps.grammar import VERBS, GapCommand
from bot.commands.gaps.reply import build

FAMILY = Family(VERBS, get_args(GapCommand), build)
