"""Collects what concerns one person: never more than the console would show them, and less for an admin.

Seen are only channels in which they asked something themselves, and of questions only their own; what is
open in a channel is told as the channel's own commands tell it, without what was asked privately.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from zoneinfo import ZoneInfo

from bot.commands.base.context import Effective, KnowledgeBases, MessageContext
from bot.commands.base.ports import Gaps, History, Labels, Proposals, Reviews, Settings
from bot.commands.gaps.open_gaps import OpenGaps
from bot.config import Bot
from bot.domain import (
    Channel,
    EngineError,
    IncomingMessage,
    KnowledgeState,
    OwnChannel,
    OwnGap,
    OwnQuestion,
    Person,
    PersonalOverview,
    Surface,
    Traits,
)
from bot.domain.clock import Clock
from bot.engine_client import EngineClient

MOST_CHANNELS = 5
MOST_QUESTIONS = 5
MOST_LOOKED_AT = 200
MOST_GAPS = 3
MOST_PROPOSALS = 3
GAP_DAYS = 7


class Personal:
    """The reader of personal overviews, anew each time. Raises StoreError."""

    def __init__(
        self,
        *,
        channels_of: Callable[[Person], Sequence[Channel]],
        questions_of: Callable[[Person, int], Sequence[OwnQuestion]],
        is_welcome: Callable[[Person], bool],
        settings: Settings,
        history: History,
        labels: Labels,
        gaps: Gaps,
        proposals: Proposals,
        reviews: Reviews,
        engine: EngineClient,
        clock: Clock,
        bot: Bot,
    ) -> None:
        self._channels_of = channels_of
        self._questions_of = questions_of
        self._is_welcome = is_welcome
        self._settings = settings
        self._proposals = proposals
        self._reviews = reviews
        self._bases = KnowledgeBases(engine, clock)
        self._engine = engine
        self._open_gaps = OpenGaps(
            history=history, labels=labels, gaps=gaps, proposals=proposals, engine=engine, clock=clock
        )
        self._bot = bot

    def may_see(self, person: Person, channel: Channel) -> bool:
        """Whether this person asked something in this channel. What they may change is decided elsewhere."""
        return channel in self._channels_of(person)

    def overview(self, person: Person) -> PersonalOverview:
        """The overview of a person; empty for outsiders, who are not even told that there is anything."""
        if not self._is_welcome(person):
            return PersonalOverview()
        allowed = set(self._channels_of(person))
        asked = [one for one in self._questions_of(person, MOST_LOOKED_AT) if one.channel in allowed]
        # The channels of their last questions first, then the others.
        recent = list(dict.fromkeys(one.channel for one in asked))
        channels = [*recent, *sorted(allowed - set(recent), key=lambda one: one.key)][:MOST_CHANNELS]
        shown = tuple(self._channel(person, channel) for channel in channels)
        names = dict.fromkeys(one.knowledge_base for one in shown) or {
            self._bot.defaults.knowledge_base: None
        }
        return PersonalOverview(
            may_see=True,
            channels=shown,
            questions=tuple(asked[:MOST_QUESTIONS]),
            knowledge=tuple(filter(None, map(self._knowledge, names))),
        )

    def _channel(self, person: Person, channel: Channel) -> OwnChannel:
        context = self._context(person, channel)
        name = context.knowledge_base
        threshold = self._threshold(context)
        gaps, count = self._gaps(channel, name)
        return OwnChannel(
            channel=channel,
            knowledge_base=name,
            threshold=threshold.value if threshold else None,
            threshold_source=threshold.source if threshold else "default",
            gaps=gaps,
            open_gaps=count,
            proposals=self._proposals.waiting(channel, name, MOST_PROPOSALS),
            reviews=self._reviews.counts(channel).get("queued", 0),
        )

    def _context(self, person: Person, channel: Channel) -> MessageContext:
        own = self._settings.of(channel)
        message = IncomingMessage(channel, person, (), Surface.ACTION)
        zone = ZoneInfo(own.timezone or self._bot.timezone)
        return MessageContext(message, own, self._bot.defaults, zone, Traits())

    def _threshold(self, context: MessageContext) -> Effective | None:
        if context.settings.threshold is None and self._engine.is_away:
            return None
        return self._bases.threshold_if_known(context, context.knowledge_base)

    def _gaps(self, channel: Channel, knowledge_base: str) -> tuple[tuple[OwnGap, ...], int | None]:
        if self._engine.is_away:
            return (), None
        try:
            found, _ = self._open_gaps.open_in(channel, knowledge_base, GAP_DAYS)
        except EngineError:
            return (), None
        return tuple(OwnGap(gap.text, gap.count, gap.name) for gap in found[:MOST_GAPS]), len(found)

    def _knowledge(self, name: str) -> KnowledgeState | None:
        if self._engine.is_away:
            return None
        try:
            base = self._bases.get(name)
        except EngineError:
            return None
        return KnowledgeState(base.name, base.size, base.model, base.snapshot_at)
