"""The overview of one person: the channels in which they asked, and the open work in them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from bot.domain.channels import Channel
from bot.domain.replies import ThresholdSource
from bot.domain.teaching import KeptProposal


@dataclass(frozen=True, slots=True)
class OwnGap:
    """A question that found nothing in this channel, how often it was asked, and what /gaps calls it."""

    text: str
    count: int
    name: str = ""


@dataclass(frozen=True, slots=True)
class OwnChannel:
    """A channel as one of its people finds it. `threshold` None: only the engine knows, and is silent.

    `gaps` are the most asked, of `open_gaps` in all; None where the engine is silent. `reviews` wait for
    a decision.
    """

    channel: Channel
    knowledge_base: str
    threshold: Decimal | None
    threshold_source: ThresholdSource
    gaps: tuple[OwnGap, ...]
    open_gaps: int | None
    proposals: tuple[KeptProposal, ...]
    reviews: int = 0


@dataclass(frozen=True, slots=True)
class OwnQuestion:
    """A question that this person asked, as it was answered."""

    channel: Channel
    text: str
    total: int
    threshold: Decimal
    best_score: float | None
    asked_at: datetime
    knowledge_base: str = ""


@dataclass(frozen=True, slots=True)
class KnowledgeState:
    """A knowledge base as the engine serves it to these channels; `size` counts its entries."""

    name: str
    size: int
    model: str
    snapshot_at: datetime | None


@dataclass(frozen=True, slots=True)
class PersonalOverview:
    """The overview of one person; empty for who may see nothing. `knowledge` is empty without the engine."""

    may_see: bool = False
    channels: tuple[OwnChannel, ...] = ()
    questions: tuple[OwnQuestion, ...] = ()
    knowledge: tuple[KnowledgeState, ...] = ()
