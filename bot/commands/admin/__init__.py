"""/admin."""

from __future__ import annotations

from bot.commands.admin.grammar import VERBS, ClaimAdmin
from bot.commands.admin.reply import build
from bot.commands.base.family import Family

FAMILY = Family(VERBS, (ClaimAdmin,), build)
