"""/review and /queue."""

from __future__ import annotations

from typing import get_args

from bot.commands.base.family import Family
from bot.commands.review.grammar import VERBS, ReviewCommand
from bot.commands.review.reply import build

FAMILY = Family(VERBS, get_args(ReviewCommand), build)
