"""/kb and /refresh."""

from __future__ import annotations

from typing import get_args

from bot.commands.base.family import Family
from bot.commands.kb.grammar import VERBS, KnowledgeCommand
from bot.commands.kb.reply import build

FAMILY = Family(VERBS, get_args(KnowledgeCommand), build)
