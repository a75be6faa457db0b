"""Precision and recall at every threshold that can make a difference: every distinct score."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

Numbers = NDArray[np.float64]
Counts = NDArray[np.integer[Any]]


@dataclass(frozen=True, slots=True)
class Label:
    """A score, and whether what had it was right. Labels of one `group`, a question, go together."""

    score: float
    relevant: bool
    group: str = ""


@dataclass(frozen=True, slots=True)
class Point:
    """The effect of a threshold: `kept` labels reach it, `right` of them are relevant, of `relevant` in all.

    Where nothing is kept nothing is wrong: precision is then 1, as scikit-learn has it.
    """

    threshold: float
    kept: int
    right: int
    relevant: int

    @property
    def precision(self) -> float:
        return self.right / self.kept if self.kept else 1.0

    @property
    def recall(self) -> float:
        return self.right / self.relevant if self.relevant else 0.0

    @property
    def f1(self) -> float:
        return 2 * self.right / (self.kept + self.relevant) if self.kept + self.relevant else 0.0


@dataclass(frozen=True, slots=True)
class Curve:
    """Thresholds ascending, and how many labels reach each of them."""

    thresholds: Numbers
    kept: Counts
    right: Counts
    relevant: int

    @classmethod
    def of(cls, labels: Sequence[Label]) -> Curve:
        from sklearn.metrics import confusion_matrix_at_thresholds

        scores = np.array([label.score for label in labels], np.float64)
        relevant = np.array([label.relevant for label in labels], np.int64)
        _, wrong, _, right, thresholds = confusion_matrix_at_thresholds(relevant, scores, pos_label=1)
        kept = (wrong + right).astype(np.int64)
        return cls(
            np.asarray(thresholds[::-1], np.float64),
            kept[::-1],
            right[::-1].astype(np.int64),
            int(relevant.sum()),
        )

    def __len__(self) -> int:
        return len(self.thresholds)

    def point(self, at: int) -> Point:
        return Point(float(self.thresholds[at]), int(self.kept[at]), int(self.right[at]), self.relevant)

    def reaching(self, threshold: float) -> Point:
        """Any threshold, not only one of the curve."""
        at = int(np.searchsorted(self.thresholds, threshold, side="left"))
        if at == len(self):
            return Point(threshold, 0, 0, self.relevant)
        return Point(threshold, int(self.kept[at]), int(self.right[at]), self.relevant)

    @property
    def f1(self) -> Numbers:
        return 2.0 * self.right / np.maximum(self.kept + self.relevant, 1)

    def best(self) -> int | None:
        """The index of the highest F1, at the lowest threshold of equals; None without a relevant label."""
        return int(np.argmax(self.f1)) if self.relevant else None

    def thin(self, count: int) -> list[Point]:
        """A sample of at most `count` points, evenly spread over the labels, both ends among them."""
        if len(self) <= count:
            return [self.point(at) for at in range(len(self))]
        chosen = np.unique(np.linspace(0, len(self) - 1, count).round().astype(int))
        return [self.point(int(at)) for at in chosen]


def rounded_down(thresholds: Numbers, decimals: int = 2) -> Numbers:
    """The thresholds rounded down to `decimals`, as people are offered them; 0 for those below 0.

    Whatever reached the threshold reaches the rounded one as well.
    """
    parts = 10**decimals
    whole = np.floor(thresholds * parts)
    # 0.29 * 100 is a little less than 29.
    whole += np.round((whole + 1) / parts, decimals) <= thresholds
    whole -= np.round(whole / parts, decimals) > thresholds
    return np.asarray(np.maximum(np.round(whole / parts, decimals), 0.0), np.float64)
