"""Messages to channels that nobody asked for: digests, and the news of another model.

Each becomes a message in the inbox like any other, under a key that names its slot, so
that the inbox keeps it from being said twice, however many processes look at the clock
and whatever crashes in between.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from datetime import datetime
from typing import Protocol
from zoneinfo import ZoneInfo

from bot.domain import (
    Channel,
    ChannelSettings,
    Clock,
    EngineError,
    IncomingMessage,
    KnowledgeBase,
    MessageKey,
    Person,
    RecordedChange,
    Setting,
    Surface,
)

log = logging.getLogger(__name__)

DIGEST, MODEL = "digest", "model"
MONDAY = 0
DEFAULT_HOUR = 9
NAME = "kbdial"


class Settings(Protocol):
    def of(self, channel: Channel) -> ChannelSettings: ...
    def history(self, channel: Channel, setting: Setting, limit: int) -> tuple[RecordedChange, ...]: ...


class ScheduledMessages:
    """`accept` puts a message into the inbox; a repeat is its business.

    Where the bot cannot speak first (`speaks_first`) nothing is ever due.
    """

    def __init__(
        self,
        *,
        places: Callable[[], tuple[Channel, ...]],
        speaks_first: Callable[[Channel], bool],
        settings: Settings,
        knowledge_base: Callable[[str], KnowledgeBase],
        default_knowledge_base: str,
        accept: Callable[[IncomingMessage], object],
        clock: Clock,
        timezone: str,
    ) -> None:
        self._places = places
        self._speaks_first = speaks_first
        self._settings = settings
        self._knowledge_base = knowledge_base
        self._default_knowledge_base = default_knowledge_base
        self._accept = accept
        self._clock = clock
        self._timezone = timezone
        self._told: set[tuple[str, str]] = set()

    def look(self) -> int:
        """Accept a message for each thing that is due now, once; returns how many. Called every minute."""
        now = self._clock.now()
        models: dict[str, str] = {}
        made = 0
        for channel in filter(self._speaks_first, self._places()):
            own = self._settings.of(channel)
            slot = self._digest_slot(channel, own, now)
            if slot:
                made += self._say(channel, DIGEST, slot)
            if own.threshold is not None and own.threshold_model:
                model = self._model(own.knowledge_base or self._default_knowledge_base, models)
                if model not in {"", own.threshold_model}:
                    made += self._say(channel, MODEL, f"{own.threshold_model}>{model}")
        return made

    def _digest_slot(self, channel: Channel, own: ChannelSettings, now: datetime) -> str:
        """The day whose digest is due here; "" when none is."""
        if own.digest is None:
            return ""
        here = now.astimezone(ZoneInfo(own.timezone or self._timezone))
        hour = DEFAULT_HOUR if own.digest_hour is None else own.digest_hour
        if here.hour < hour or (own.digest == "weekly" and here.weekday() != MONDAY):
            return ""
        begins = here.replace(hour=hour, minute=0, second=0, microsecond=0)
        for past in self._settings.history(channel, "digest", 1):
            # Asked for after its hour: the first one is the next.
            if past.made_at > begins:
                return ""
        return f"{here:%Y-%m-%d}"

    def _model(self, name: str, known: dict[str, str]) -> str:
        """The fingerprint of this knowledge base's model; "" while the engine does not say."""
        if name not in known:
            try:
                known[name] = self._knowledge_base(name).fingerprint
            except EngineError:
                known[name] = ""
        return known[name]

    def _say(self, channel: Channel, what: str, slot: str) -> int:
        key = (channel.key, f"{what}:{slot}")
        if key in self._told:
            return 0
        self._accept(
            IncomingMessage(
                channel=channel,
                person=Person(channel.platform, channel.tenant, NAME, NAME),
                keys=(MessageKey(what, f"{channel.id}:{slot}"),),
                surface=Surface.CLOCK,
                text=what,
            )
        )
        self._told.add(key)
        log.info("due", extra={"channel": channel.key, "what": what, "slot": slot})
        return 1
