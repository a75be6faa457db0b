"""What the engine measures for the bot, as values."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Judged:
    """A score, whether what had it was right, and the question it belongs to."""

    score: float
    relevant: bool
    question: str


@dataclass(frozen=True, slots=True)
class Point:
    """What a threshold does to the labels: `kept` of them reach it."""

    threshold: float
    precision: float
    recall: float
    f1: float
    kept: int


@dataclass(frozen=True, slots=True)
class Chosen:
    """A threshold that the labels speak for, and the one to set instead, rounded for people.

    `low` to `high` hold 95 % of the resamples; None: not known, or no end on that side.
    """

    point: Point
    lower_bound: float
    suggested: float
    at_suggested: Point
    low: float | None
    high: float | None


@dataclass(frozen=True, slots=True)
class Evaluated:
    labels: int
    relevant: int
    questions: int
    best: Chosen | None
    precision: float | None
    wanted: Chosen | None
    current: Point | None
    confidence: float
    curve: tuple[Point, ...]
    picture: bytes | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True)
class Inspected:
    """The vector behind a text: its first 50 values, and how all of them are spread."""

    model: str
    dimension: int
    norm: float
    values: tuple[float, ...]
    edges: tuple[float, ...]
    counts: tuple[int, ...]
    tokens: int | None
    picture: bytes | None = field(default=None, repr=False)
