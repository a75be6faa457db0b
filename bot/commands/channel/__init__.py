"""/limit, /language and /name."""

from __future__ import annotations

from typing import get_args

from bot.commands.base.family import Family
from bot.commands.channel.grammar import VERBS, ChannelCommand
from bot.commands.channel.reply import build

FAMILY = Family(VERBS, get_args(ChannelCommand), build)
