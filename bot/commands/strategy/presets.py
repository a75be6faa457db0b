"""The strategies that ship: numbers, and whose they are.

A threshold belongs to a model, so each strategy has two sets of numbers: those of the
tutorial, found with Qwen3-Embedding-4B, and our own for the bundled model, measured by
`benchmarks.strategies`. The model in use decides; the reply says whose numbers it took.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from types import MappingProxyType
from typing import Literal

BUNDLED = "bundled"
Origin = Literal["tutorial", "measured", "configuration"]


@dataclass(frozen=True, slots=True)
class Numbers:
    """The settings of a strategy. None: stays as the channel has it."""

    threshold: Decimal | None = None
    limit: int | None = None
    keyword_weight: Decimal | None = None
    margin: Decimal | None = None
    review_high: Decimal | None = None
    review_low: Decimal | None = None


@dataclass(frozen=True, slots=True)
class Strategy:
    """Settings under a name. `about` is the operator's own word on where the numbers come from."""

    name: str
    numbers: Numbers
    origin: Origin
    about: str = ""


def _review(high: str, low: str) -> Numbers:
    return Numbers(threshold=Decimal(high), review_high=Decimal(high), review_low=Decimal(low))


TUTORIAL: Mapping[str, Numbers] = MappingProxyType(
    {
        "precise": Numbers(Decimal("0.70")),
        "balanced": Numbers(Decimal("0.40")),
        # The tutorial weights keywords here and does not say how much.
        "recall": Numbers(Decimal("0.30"), keyword_weight=Decimal("0.40")),
        "moderation": _review("0.70", "0.45"),
    }
)

MEASURED: Mapping[str, Numbers] = MappingProxyType(
    {
        "precise": Numbers(Decimal("0.75")),
        "balanced": Numbers(Decimal("0.65")),
        "recall": Numbers(Decimal("0.50"), keyword_weight=Decimal("0.40")),
        "moderation": _review("0.85", "0.55"),
    }
)


def shipped_strategy(name: str, model: str) -> Strategy | None:
    """The strategy of this name for this model; None when none of that name ships."""
    if name not in TUTORIAL:
        return None
    if model == BUNDLED:
        return Strategy(name, MEASURED[name], "measured")
    return Strategy(name, TUTORIAL[name], "tutorial")
