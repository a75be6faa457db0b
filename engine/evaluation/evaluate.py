"""The whole evaluation of a set of labels."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from engine.domain import BadValue
from engine.evaluation.curve import Curve, Label, Point, rounded_down
from engine.evaluation.intervals import RISK, Interval, Resampled, lower_bound, reaching, required_correct

CONFIDENCE = 1 - RISK
METHOD = "Clopper-Pearson"


@dataclass(frozen=True, slots=True)
class Chosen:
    """A threshold that the labels speak for, and the one of two decimals to set instead.

    `lower_bound` is what its precision is at least. `at_suggested` is what the suggested
    one does to the same labels.
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
    """What these labels say about thresholds. The same labels and seed give the same answer.

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
    return None if at is None else _choose(curve, at, interval)


def _lowest(curve: Curve, precision: float, interval: Interval | None) -> Chosen | None:
    """The lowest that reaches the precision, rounded down as well where one of them does.

    None below 0, where nobody can set a threshold.
    """
    enough = required_correct(precision, int(curve.kept[0]))
    passes = reaching(curve, enough) & (curve.thresholds >= 0)
    if not passes.any():
        return None
    chosen = _choose(curve, int(np.flatnonzero(passes)[0]), interval)
    rounded = rounded_down(curve.thresholds[passes])
    # None of them is above the highest threshold: rounding only goes down.
    both = rounded[passes[np.searchsorted(curve.thresholds, rounded)]]
    if len(both):
        point = curve.reaching(float(both[0]))
    else:
        # Two decimals would let in what spoils it: four, the most that a threshold may have.
        finer = rounded_down(curve.thresholds[passes], decimals=4)
        point = curve.reaching(float(finer[0]))
    return replace(chosen, suggested=point.threshold, at_suggested=point)


def _choose(curve: Curve, at: int, interval: Interval | None) -> Chosen:
    point = curve.point(at)
    suggested = float(rounded_down(curve.thresholds[at : at + 1])[0])
    return Chosen(point, lower_bound(point.right, point.kept), suggested, curve.reaching(suggested), interval)
