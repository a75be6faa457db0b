"""Pictures as numbers: where the bars of an SVG stand. The templates draw them, no script needed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import sqrt

WIDTH, HEIGHT = 680, 72
_GAP = 0.15  # of a bar's place, on either side


@dataclass(frozen=True, slots=True)
class Bar:
    """One bar in a picture of WIDTH by HEIGHT; `y` is its top."""

    x: float
    y: float
    width: float
    height: float
    value: int


def steps(counts: Sequence[int]) -> list[Bar]:
    """Bars of how many pass each step. By the square root, so that a handful is seen beside thousands."""
    return bars([sqrt(count) for count in counts], counts)


def histogram(counts: Sequence[int]) -> list[Bar]:
    return bars(counts, counts)


def bars(heights: Sequence[float], values: Sequence[int]) -> list[Bar]:
    most = max(heights, default=0) or 1
    place = WIDTH / max(1, len(heights))
    made = []
    for at, (height, value) in enumerate(zip(heights, values, strict=True)):
        tall = round(HEIGHT * height / most, 2)
        # What is there is seen: one of a million is a line still.
        tall = max(tall, 1.5) if value else 0.0
        x, width = round(place * (at + _GAP), 2), round(place * (1 - 2 * _GAP), 2)
        made.append(Bar(x, round(HEIGHT - tall, 2), width, tall, value))
    return made


@dataclass(frozen=True, slots=True)
class Spot:
    """A place in a picture of WIDTH by TALL."""

    x: float
    y: float


TALL = 240


def line(points: Sequence[tuple[float, float]]) -> str:
    """Points of numbers from 0 to 1, across and upwards, as an SVG's `points`."""
    return " ".join(f"{spot.x},{spot.y}" for spot in (spot_of(*point) for point in points))


def spot_of(across: float, up: float) -> Spot:
    return Spot(round(WIDTH * min(max(across, 0.0), 1.0), 1), round(TALL * (1 - min(max(up, 0.0), 1.0)), 1))


@dataclass(frozen=True, slots=True)
class Stack:
    """A bar of two parts in a picture of WIDTH by TALL: the whole of it, and a share from its foot up."""

    x: float
    width: float
    y: float
    height: float
    share_y: float
    share_height: float


def stack_bars(parts: Sequence[tuple[int, int]]) -> list[Stack]:
    """Bars of (all, some of them), as high as the most of all."""
    most = max((whole for whole, _ in parts), default=0) or 1
    place = WIDTH / max(1, len(parts))
    made = []
    for at, (whole, share) in enumerate(parts):
        tall, low = round(TALL * whole / most, 1), round(TALL * share / most, 1)
        x, width = round(place * (at + _GAP), 1), round(place * (1 - 2 * _GAP), 1)
        made.append(Stack(x, width, round(TALL - tall, 1), tall, round(TALL - low, 1), low))
    return made
