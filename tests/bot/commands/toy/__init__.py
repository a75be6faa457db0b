"""/toy: a family of commands with a setting, which `test_recipe.py` adds to a copy of the bot."""

from __future__ import annotations

from typing import get_args

from bot.commands.base.family import Family

from .grammar import VERBS, ToyCommand
from .reply import build
from .words import SETTING_NAMES

FAMILY = Family(VERBS, get_args(ToyCommand), build, setting_names=SETTING_NAMES)
