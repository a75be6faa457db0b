"""The families of commands, a row each, and the verbs that they bring.

Help pages, the command names for Slack's manifest and completion in the terminal are
made from this table.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from bot.commands import (
    admin,
    ask,
    channel,
    console,
    export,
    gaps,
    inspect,
    kb,
    overview,
    review,
    strategy,
    teach,
    threshold,
    tune,
)
from bot.commands.base.family import Family
from bot.grammar.verb import Verb

PREFIX = "kbdial"  # `/kbdial VERB …` is `/VERB …`

FAMILIES: tuple[Family, ...] = (
    threshold.FAMILY,
    ask.FAMILY,
    channel.FAMILY,
    kb.FAMILY,
    strategy.FAMILY,
    export.FAMILY,
    tune.FAMILY,
    review.FAMILY,
    gaps.FAMILY,
    teach.FAMILY,
    inspect.FAMILY,
    overview.family(lambda: VERBS),
    admin.FAMILY,
    console.FAMILY,
)

VERBS: Mapping[str, Verb] = MappingProxyType(
    {
        verb.name: verb
        for verb in sorted(
            (verb for family in FAMILIES for verb in family.verbs), key=lambda verb: verb.place
        )
    }
)
