"""The engine's measurements, as values. They are read from its JSON as they stand here."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Annotated

from pydantic import AliasPath, Base64Bytes, Field

from bot.domain import Count


@dataclass(frozen=True, slots=True)
class Judged:
    """A score, whether what had it was right, and the question it belongs to."""

    score: float
    relevant: bool
    question: str


@dataclass(frozen=True, slots=True)
class Point:
    """The effect of a threshold on the labels: `kept` of them reach it."""

    threshold: float
    precision: float
    recall: float
    f1: float
    kept: Count


@dataclass(frozen=True, slots=True)
class Chosen(Point):
    """A threshold that the labels speak for, and the one to set instead, rounded for people.

    `low` to `high` hold 95 % of the resamples; None: not known, or no end on that side.
    """

    lower_bound: float
    suggested: float
    at_suggested: Point
    low: Annotated[float | None, Field(validation_alias=AliasPath("interval", "low"))] = None
    high: Annotated[float | None, Field(validation_alias=AliasPath("interval", "high"))] = None


@dataclass(frozen=True, slots=True)
class Evaluated:
    labels: Count
    relevant: Count
    questions: Annotated[Count, Field(validation_alias="groups")]
    best: Chosen | None
    precision: float | None
    wanted: Chosen | None
    current: Point | None
    confidence: float
    curve: tuple[Point, ...]
    picture: Base64Bytes | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True)
class Inspected:
    """The vector behind a text: its first 50 values, and how all of them are spread."""

    model: str
    dimension: Count
    norm: float
    values: tuple[float, ...]
    edges: Annotated[tuple[float, ...], Field(validation_alias=AliasPath("histogram", "edges"))]
    counts: Annotated[tuple[Count, ...], Field(validation_alias=AliasPath("histogram", "counts"))]
    tokens: Count | None = None
    picture: Base64Bytes | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True)
class Groups:
    """The places of texts that are alike, the largest group first."""

    groups: tuple[tuple[Count, ...], ...]
