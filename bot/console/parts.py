"""The parts that pages are given: a store to read, an engine to ask, and the one way to change something."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from bot.config import Bot
from bot.console.provider import Provider
from bot.console.rights import Rights
from bot.domain import Clock, IncomingMessage, Traits
from bot.engine_client import EngineClient
from bot.platforms import host
from bot.store import Figures, Logins, Overview, Proposals, QuestionLog


@dataclass(frozen=True)
class ReadModel(host.ReadModel):
    """The read model of a platform, with the figures and the question log across channels."""

    figures: Figures
    log: QuestionLog
    proposals: Proposals

    @classmethod
    def of(cls, read: host.ReadModel, figures: Figures, log: QuestionLog, proposals: Proposals) -> ReadModel:
        seen = (read.settings, read.history, read.labels, read.reviews, read.gaps)
        return cls(*seen, figures, log, proposals)


class OperationRefused(Exception):
    """The refusal of an operator's command, which did nothing: its reason, as a sentence."""


@dataclass(frozen=True)
class Health:
    """The state of this bot: why it is not ready, its queue by state, and how long the oldest waits."""

    reasons_not_ready: Callable[[], Sequence[str]]
    counts: Callable[[], Mapping[str, int]]
    oldest_seconds: Callable[[], float]


@dataclass(frozen=True)
class Parts:
    """`answer` stores a message and waits a moment for its reply; it returns the message's number.

    `operate` does what an operator's command of this name does, and raises OperationRefused.
    """

    bot: Bot
    clock: Clock
    engine: EngineClient
    logins: Logins
    overview: Overview
    read: ReadModel
    rights: Rights
    traits: Mapping[str, Traits]
    answer: Callable[[IncomingMessage], int]
    operate: Callable[[str, Mapping[str, Any]], Any]
    health: Health
    provider: Provider | None = None
