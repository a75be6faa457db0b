"""The confidence in a threshold: a lower bound of its precision, and a bootstrap interval of the choice.

The bound is Clopper and Pearson's, one-sided: the share of right answers is below it in
at most one of twenty samples, however small the sample (Wilson's is closer on average, but
breaks that promise for shares near 1, which is where people ask).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from engine.evaluation.curve import Counts, Curve, Numbers

RISK = 0.05
RESAMPLES = 500  # 0.1 s for 5,000 labels; twice as many moved no end of an interval by more than 0.01
_CELLS = 200_000  # resamples are counted in blocks of this many numbers: what fits into a processor's cache
_ENDS = (0.025, 0.975)


@dataclass(frozen=True, slots=True)
class Interval:
    """The 95 % bootstrap interval of a threshold. `high` is None when some resamples find no threshold."""

    low: float
    high: float | None


def lower_bound(right: int, kept: int) -> float:
    """Lower end of the one-sided 95 % Clopper–Pearson interval of right/kept; 0.0 for right = 0."""
    from scipy.special import betaincinv

    return float(betaincinv(right, kept - right + 1, RISK)) if right else 0.0


def required_correct(precision: float, most: int) -> Counts:
    """The right labels needed of 0, 1, … `most` kept ones for the lower bound to reach the precision.

    One more than are kept where no number is enough.
    """
    from scipy.special import betainc

    kept = np.arange(most + 1, dtype=np.int64)
    low, high = np.ones_like(kept), kept + 1
    while np.any(low < high):
        middle = (low + high) // 2
        # The bound reaches p when p would give so many right ones in one of twenty samples at most.
        is_enough = betainc(middle, np.maximum(kept - middle + 1, 1), precision) <= RISK
        high = np.where(is_enough, middle, high)
        low = np.where(is_enough, low, np.minimum(middle + 1, high))
    return np.asarray(high, np.int64)


def reaching(curve: Curve, enough: Counts) -> NDArray[np.bool_]:
    """A mask of the curve's thresholds: those that reach the precision that `enough` was made for."""
    return np.asarray(curve.right >= enough[curve.kept], np.bool_)


class Resampled:
    """The choices that other samples of the questions would have led to.

    Whole groups are drawn again, with replacement: the labels of one question are not
    independent of each other.
    """

    def __init__(self, scores: Numbers, relevant: NDArray[np.bool_], groups: Counts, seed: int) -> None:
        order = np.argsort(-scores, kind="stable")
        self._scores, self._relevant, self._groups = scores[order], relevant[order], groups[order]
        self._ends = np.flatnonzero(np.append(np.diff(self._scores) != 0, True))
        self._seed = seed

    @property
    def thresholds(self) -> Numbers:
        return self._scores[self._ends][::-1]

    def intervals(self, precision: float | None) -> tuple[Interval | None, Interval | None]:
        """The intervals of the threshold with the best F1, and of the lowest that reaches the precision."""
        best: list[Numbers] = []
        lowest: list[Numbers] = []
        weights = self._weights()
        enough = None if precision is None else required_correct(precision, self._most(weights))
        for right, kept, is_drawn in self._count(weights):
            totals = right[:, :1]
            f1 = np.where(is_drawn, right / np.maximum(kept + totals, 1), -1.0)
            has_any = totals[:, 0] > 0
            best.append(self.thresholds[np.argmax(f1, axis=1)][has_any])
            if enough is not None:
                passes = is_drawn & (right >= enough[kept])
                lowest.append(
                    np.where(passes.any(axis=1), self.thresholds[np.argmax(passes, axis=1)], np.inf)
                )
        return _interval(best), _interval(lowest)

    def _weights(self) -> Counts:
        """The draws of each group in each resample: (RESAMPLES, groups), int32."""
        chance = np.random.default_rng(self._seed)
        count = int(self._groups.max()) + 1
        drawn = chance.integers(0, count, size=(RESAMPLES, count))
        drawn += np.arange(RESAMPLES)[:, None] * count
        weights = np.bincount(drawn.ravel(), minlength=RESAMPLES * count)
        return weights.reshape(RESAMPLES, count).astype(np.int32)

    def _most(self, weights: Counts) -> int:
        """The number of labels in the largest resample."""
        return int((weights @ np.bincount(self._groups).astype(np.int32)).max())

    def _count(self, weights: Counts) -> Iterator[tuple[Counts, Counts, NDArray[np.bool_]]]:
        """Block by block, for each resample and threshold (ascending): right, kept, whether it occurs."""
        rows = max(1, _CELLS // len(self._scores))
        for start in range(0, RESAMPLES, rows):
            by_label = weights[start : start + rows, self._groups]
            kept = np.cumsum(by_label, axis=1, dtype=np.int32)[:, self._ends]
            right = np.cumsum(by_label * self._relevant, axis=1, dtype=np.int32)[:, self._ends]
            is_drawn = np.diff(kept, axis=1, prepend=0) > 0
            yield right[:, ::-1], kept[:, ::-1], is_drawn[:, ::-1]


def _interval(found: list[Numbers]) -> Interval | None:
    every = np.concatenate(found) if found else np.empty(0)
    if not len(every):
        return None
    # An observed value and not one between two: there may be no threshold beyond.
    low, high = np.quantile(every, _ENDS, method="inverted_cdf")
    return None if np.isinf(low) else Interval(float(low), None if np.isinf(high) else float(high))
