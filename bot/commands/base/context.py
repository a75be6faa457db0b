"""The context of one message: the channel's settings over the defaults, and the words of its language."""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal
from zoneinfo import ZoneInfo

from bot import texts
from bot.commands.base.ports import Engine
from bot.config import Defaults
from bot.domain import (
    ChannelSettings,
    Clock,
    EngineError,
    IncomingMessage,
    KnowledgeBase,
    Language,
    Person,
    RecordedChange,
    Text,
    ThresholdSource,
    Traits,
)
from bot.domain import Surface as On
from bot.texts import Wording

FRESH_SECONDS = 10.0
MOST_KNOWN = 1_000


@dataclass(frozen=True, slots=True)
class Effective:
    """The threshold in force, and whose it is."""

    value: Decimal
    source: ThresholdSource


@dataclass(frozen=True, slots=True)
class MessageContext:
    message: IncomingMessage
    settings: ChannelSettings
    defaults: Defaults
    timezone: ZoneInfo
    traits: Traits

    def beside(self, knowledge_base: str | None) -> MessageContext:
        """The same room, asking another knowledge base for once; itself where none is named."""
        if knowledge_base is None:
            return self
        return replace(self, settings=replace(self.settings, knowledge_base=knowledge_base))

    @property
    def language(self) -> Language:
        return self.settings.language or self.traits.default_language

    @property
    def words(self) -> Wording:
        return texts.wording(self.language)

    @property
    def limit(self) -> int:
        return self.settings.limit or self.defaults.limit

    @property
    def knowledge_base(self) -> str:
        return self.settings.knowledge_base or self.defaults.knowledge_base

    @property
    def keyword_weight(self) -> Decimal:
        own = self.settings.keyword_weight
        return self.defaults.keyword_weight if own is None else own

    @property
    def margin(self) -> Decimal:
        own = self.settings.margin
        return self.defaults.margin if own is None else own

    @property
    def is_private(self) -> bool:
        """Whether what is not a change is for the asker's eyes only."""
        return self.message.private or self.message.surface is On.COMMAND

    @property
    def who(self) -> str:
        return name_of(self.message.person)

    def text(self, body: str, *, verb: str = "", private: bool | None = None) -> Text:
        return Text(body, self.language, private=self.is_private if private is None else private, verb=verb)

    def aside(self, body: str, *, verb: str = "") -> Text:
        """Something that concerns the writer alone: a mistake, a refusal, a note."""
        return self.text(body, verb=verb, private=True)

    def announcement(self, body: str, *, verb: str = "") -> Text:
        """A change, which the whole team sees."""
        return self.text(body, verb=verb, private=False)

    def describe_threshold(self, effective: Effective | None) -> str:
        """A threshold with its source; None stands for one that the engine cannot be asked for just now."""
        words = self.words
        if effective is None:
            return words.threshold_unknown
        sources: dict[ThresholdSource, str] = {
            "channel": words.from_channel,
            "knowledge base": words.from_knowledge_base,
            "default": words.from_default,
        }
        return words.value.format(value=texts.threshold(effective.value), source=sources[effective.source])

    def moment(self, when: datetime) -> str:
        return f"{when.astimezone(self.timezone):%Y-%m-%d %H:%M}"


class KnowledgeBases:
    """The engine's knowledge bases as it last described them, asked again after ten seconds.

    Their own thresholds are needed for every question, and change only with the
    configuration of the engine.
    """

    def __init__(self, engine: Engine, clock: Clock) -> None:
        self._engine = engine
        self._clock = clock
        self._lock = threading.Lock()
        self._known: dict[str, tuple[float, KnowledgeBase]] = {}

    def get(self, name: str) -> KnowledgeBase:
        """Raises EngineError."""
        now = self._clock.steady()
        with self._lock:
            asked_at, known = self._known.get(name, (now - FRESH_SECONDS, None))
        if known is not None and now - asked_at < FRESH_SECONDS:
            return known
        return self.get_anew(name)

    def get_anew(self, name: str) -> KnowledgeBase:
        """Raises EngineError."""
        found = self._engine.knowledge_base(name)
        with self._lock:
            if len(self._known) >= MOST_KNOWN:
                self._known.clear()
            self._known[name] = (self._clock.steady(), found)
        return found

    def last_known(self, name: str) -> KnowledgeBase | None:
        """The newest description of a knowledge base; None when the engine is silent and never gave one."""
        try:
            return self.get(name)
        except EngineError:
            with self._lock:
                return self._known.get(name, (0.0, None))[1]

    def threshold(self, context: MessageContext, name: str) -> Effective:
        """The channel's own, else the knowledge base's, else the bot's default. Raises EngineError."""
        return effective(context, None if context.settings.threshold is not None else self.get(name))

    def model(self, name: str) -> str:
        """The fingerprint of its model, as far as it is known; "" when it is not."""
        known = self.last_known(name)
        return known.fingerprint if known else ""

    def threshold_if_known(self, context: MessageContext, name: str) -> Effective | None:
        if context.settings.threshold is not None:
            return effective(context, None)
        known = self.last_known(name)
        return None if known is None else effective(context, known)


def effective(context: MessageContext, knowledge_base: KnowledgeBase | None) -> Effective:
    if context.settings.threshold is not None:
        return Effective(context.settings.threshold, "channel")
    if knowledge_base is not None and knowledge_base.threshold is not None:
        return Effective(Decimal(repr(knowledge_base.threshold)), "knowledge base")
    return Effective(context.defaults.threshold, "default")


def name_of(person: Person) -> str:
    return person.name or person.id


def digest_of(text: str, length: int) -> str:
    """A short name for a text: the first hexadecimal digits of its SHA-256."""
    return hashlib.sha256(text.encode()).hexdigest()[:length]


def standing(history: Sequence[RecordedChange]) -> list[RecordedChange]:
    """The changes that still stand, oldest first; `history` is newest first.

    An undo takes the newest standing change back and is itself none, so undoing again
    goes one step further back and never forth. A change made after an undo stands on top.
    """
    stack: list[RecordedChange] = []
    for past in reversed(history):
        if not past.change.is_undo:
            stack.append(past)
        elif stack:
            stack.pop()
    return stack
