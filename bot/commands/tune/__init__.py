"""/tune."""

from __future__ import annotations

from typing import get_args

from bot.commands.base.family import Family
from bot.commands.tune.grammar import VERBS, TuneCommand
from bot.commands.tune.reply import build

FAMILY = Family(VERBS, get_args(TuneCommand), build)
