"""The whole evaluation of a set of labels."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from engine.domain import BadValue
from engine.evaluation.curve import Curve, Label, Point, rounded_down
from engine.evaluation.intervals import RISK, Interval, Resampled, lower_bound, reaching, required_correct

CONFIDENCE = 1 - RISK
METHOD = "Clopper-Pearson"
DECIMALS = (2, 3, 4)  # that a threshold may have, the fewest first


@dataclass(frozen=True, slots=True)
class Chosen:
    """A threshold that the labels speak for, and the one of few decimals to set instead.

    `at_suggested` is what the suggested one does to the same labels, `lower_bound` what its
    precision is at least. The interval holds both.
    """

    point: Point
    lower_bound: float
    suggested: float
    at_suggested: Point
    interval: Interval | None


@dataclass(frozen=True, slots=True)
class Evaluation:
    """`best` is None without a relevant label, `wanted` without a threshold that reaches it."""

    curve: Curve
    groups: int
    best: Chosen | None
    precision: float | None
    wanted: Chosen | None
    current: Point | None

    @property
    def labels(self) -> int:
        return int(self.curve.kept[0])


def evaluate(
    labels: Sequence[Label], *, precision: float | None = None, current: float | None = None, seed: int = 0
) -> Evaluation:
    """Evaluate thresholds on these labels. The same labels and seed give the same answer.

    `precision` asks for the lowest threshold whose precision is, with 95 % confidence, at
    least that. `current` is a threshold to compare with.

    Raises:
        BadValue: there are no labels.
    """
    if not labels:
        raise BadValue("labels must hold at least one")
    curve = Curve.of(labels)
    names = {name: number for number, name in enumerate(dict.fromkeys(label.group for label in labels))}
    best, lowest = Resampled(
        np.array([label.score for label in labels], np.float64),
        np.array([label.relevant for label in labels], np.bool_),
        np.array([names[label.group] for label in labels], np.int64),
        seed,
    ).intervals(precision)
    return Evaluation(
        curve=curve,
        groups=len(names),
        best=_best(curve, best),
        precision=precision,
        wanted=None if precision is None else _lowest(curve, precision, lowest),
        current=None if current is None else curve.reaching(current),
    )


def _best(curve: Curve, interval: Interval | None) -> Chosen | None:
    at = curve.best()
    if at is None:
        return None
    f1 = curve.point(at).f1
    return _choose(curve, at, interval, lambda point: point.f1 >= f1)


def _lowest(curve: Curve, precision: float, interval: Interval | None) -> Chosen | None:
    """The lowest that reaches the precision, rounded as well; None below 0, where nobody can set one."""
    enough = required_correct(precision, int(curve.kept[0]))
    passes = reaching(curve, enough) & (curve.thresholds >= 0)
    if not passes.any():
        return None
    first = int(np.flatnonzero(passes)[0])
    for decimals in DECIMALS:
        # None of them is above the highest threshold: rounding only goes down.
        rounded = rounded_down(curve.thresholds[passes], decimals)
        still = rounded[passes[np.searchsorted(curve.thresholds, rounded)]]
        if len(still):
            return _chosen(curve.point(first), curve.reaching(float(still[0])), interval)
    return None


def _choose(curve: Curve, at: int, interval: Interval | None, is_as_good: Callable[[Point], bool]) -> Chosen:
    """The threshold with the fewest decimals that keep what it was chosen for; four, where none do."""
    point = curve.point(at)
    suggested = point
    for decimals in DECIMALS:
        suggested = curve.reaching(float(rounded_down(curve.thresholds[at : at + 1], decimals)[0]))
        if is_as_good(suggested):
            break
    return _chosen(point, suggested, interval)


def _chosen(point: Point, suggested: Point, interval: Interval | None) -> Chosen:
    """The bound is that of what is set, and the interval holds what it is the interval of."""
    ends = (point.threshold, suggested.threshold)
    if interval is not None:
        high = None if interval.high is None else max(interval.high, *ends)
        interval = Interval(min(interval.low, *ends), high)
    return Chosen(
        point, lower_bound(suggested.right, suggested.kept), suggested.threshold, suggested, interval
    )
