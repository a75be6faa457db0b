"""/teach."""

from __future__ import annotations

from typing import get_args

from bot.commands.base.family import Family
from bot.commands.teach.grammar import VERBS, TeachCommand
from bot.commands.teach.reply import build

FAMILY = Family(VERBS, get_args(TeachCommand), build)
