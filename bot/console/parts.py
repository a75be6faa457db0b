"""What the pages are given: the store to read, the engine to ask, and the one way to change something."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from bot.config import Bot
from bot.console.rights import Rights
from bot.domain import Clock, IncomingMessage, Traits
from bot.engine_client import EngineClient
from bot.platforms import host
from bot.store import Figures, Logins, Overview, Proposals, QuestionLog


@dataclass(frozen=True)
class ReadModel(host.ReadModel):
    """What every platform may read, and what is counted and searched across channels beside it."""

    figures: Figures
    log: QuestionLog
    proposals: Proposals

    @classmethod
    def of(cls, read: host.ReadModel, figures: Figures, log: QuestionLog, proposals: Proposals) -> ReadModel:
        seen = (read.settings, read.history, read.labels, read.reviews, read.gaps)
        return cls(*seen, figures, log, proposals)


@dataclass(frozen=True)
class Parts:
    """`answer` stores a message and waits a moment for its reply; it returns the message's number."""

    bot: Bot
    clock: Clock
    engine: EngineClient
    logins: Logins
    overview: Overview
    read: ReadModel
    rights: Rights
    traits: Mapping[str, Traits]
    answer: Callable[[IncomingMessage], int]
