"""What a channel has set for itself, and who turned what."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Literal

from bot.domain.channels import Person

Language = Literal["zh", "en"]
Setting = Literal[
    "threshold",
    "limit",
    "knowledge_base",
    "language",
    "strategy",
    "keyword_weight",
    "margin",
    "review_high",
    "review_low",
    "digest",
    "digest_hour",
    "timezone",
    "label",
]


@dataclass(frozen=True, slots=True)
class ChannelSettings:
    """What this channel has set for itself; None where it follows the configuration."""

    threshold: Decimal | None = None
    limit: int | None = None
    knowledge_base: str | None = None
    language: Language | None = None
    strategy: str | None = None
    keyword_weight: Decimal | None = None
    margin: Decimal | None = None
    review_high: Decimal | None = None
    review_low: Decimal | None = None
    digest: Literal["daily", "weekly"] | None = None
    digest_hour: int | None = None
    timezone: str | None = None
    label: str | None = None
    threshold_model: str = ""  # the fingerprint under which `threshold` was set; "" where not known


@dataclass(frozen=True, slots=True)
class Change:
    """One turn of one setting. None stands for "the configured default"; values are text as shown.

    `is_undo` is kept with the row: without it, a second undo could only go forth again.
    `cause` is what made it when that was no command of its own: "strategy precise",
    "model" (carried over to another model). `model` is the fingerprint of the model that
    the knowledge base had then; "" where the engine could not be asked.
    """

    setting: Setting
    old: str | None
    new: str | None
    is_undo: bool = False
    cause: str = ""
    model: str = ""


@dataclass(frozen=True, slots=True)
class PastChange:
    """A change that was made: by whom, when (UTC), by which message. Changes of one message are one act."""

    change: Change
    person: Person
    made_at: datetime
    item_id: int = 0
