"""What the pages are given: the store to read, the engine to ask, and the one way to change something."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from bot.config import Bot
from bot.console.rights import Rights
from bot.domain import Clock, IncomingMessage
from bot.engine_client import EngineClient
from bot.platforms.host import ReadModel
from bot.store import Logins, Overview


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
    answer: Callable[[IncomingMessage], int]
