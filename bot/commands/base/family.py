"""A family of commands: its parts, and the ports it is built from."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from bot.commands.base.attachments import Attachments
from bot.commands.base.context import KnowledgeBases, MessageContext
from bot.commands.base.ports import (
    Admins,
    Engine,
    EntryChanges,
    Gaps,
    History,
    Labels,
    Proposals,
    Reviews,
    Settings,
)
from bot.config import Bot
from bot.domain import Channel, Clock, Language, Outcome, Person, Setting
from bot.grammar.command import Command
from bot.grammar.verb import Verb


@dataclass(frozen=True, slots=True, kw_only=True)
class Ports:
    """The ports to everything outside that a family may use; each takes what it needs.

    `waiting` counts the messages that are not answered yet; `speaks_first` says where
    something can be said unasked; `console_link` makes a link that signs somebody in, once
    (None: there is no console here); `verbs` and `setting_names` are those of all families.
    """

    settings: Settings
    history: History
    labels: Labels
    reviews: Reviews
    gaps: Gaps
    proposals: Proposals
    entry_changes: EntryChanges
    admins: Admins
    engine: Engine
    bases: KnowledgeBases
    attachments: Attachments
    clock: Clock
    bot: Bot
    new_id: Callable[[], str]
    console_link: Callable[[Person], str | None]
    waiting: Callable[[], int]
    speaks_first: Callable[[Channel], bool]
    wait: Callable[[float], None]
    verbs: Mapping[str, Verb]
    setting_names: Mapping[Setting, Mapping[Language, str]]


@dataclass(frozen=True, slots=True)
class Family:
    """Verbs that belong together, the commands they are read as, and what carries those out.

    `build` is called once; the function it returns is called for each command, from
    several threads, and may raise EngineError. Without one, the responder itself carries
    the commands out. `setting_names` is how /settings calls the settings that are the
    family's alone.
    """

    verbs: tuple[Verb, ...]
    commands: tuple[type[Command], ...] = ()
    build: Callable[[Ports], Callable[[MessageContext, Any], Outcome]] | None = None
    setting_names: Mapping[Setting, Mapping[Language, str]] = field(default_factory=dict)
