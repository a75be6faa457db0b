"""The numbers of the strategies that ship for the bundled model, found on labelled questions.

    python -m benchmarks.strategies FOLDER… [--scoring auto]

Folders as for `answer_quality.py`. The engine's own search answers, scored by default as a
knowledge base is that says nothing of it. For each threshold, on each set:

    right     share of questions in scope whose first match is shown and right
    present   share of questions in scope with some right entry among those shown
    precision share of the answered questions, in and out of scope, whose first match is right
    refused   share of questions out of scope with nothing shown
    matches   shown a question, on average
    F1        of precision and right

The rules, on the mean over all sets given:

    precise     the lowest threshold that refuses 90 % of what is out of scope
    balanced    the threshold of the best F1
    recall      the highest threshold at which a right entry is among those shown for 95 % of the
                questions that have one among the best 200 at all
    moderation  high: the lowest threshold that refuses 95 %; low: as `recall`, for 90 %

and what a near tie is worth: how often the first match is right where the second is
closer than a margin.
"""

from __future__ import annotations

import argparse
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from benchmarks.answer_quality import LabelledSet, bare
from benchmarks.own_search import OwnSearch
from engine.index.scoring import Scoring

THRESHOLDS = np.arange(0.20, 0.951, 0.05).round(2)
MARGINS = (0.005, 0.01, 0.02, 0.05, 0.1)
DEPTH = 200
PRECISE, RECALL, HIGH, LOW = 0.90, 0.95, 0.95, 0.90


@dataclass(frozen=True)
class Scored:
    """The best scores of every question, best first, and which of them are right."""

    name: str
    in_scope: NDArray[np.bool_]
    scores: NDArray[np.float64]
    is_right: NDArray[np.bool_]
    counts: NDArray[np.int64]  # matches a question and threshold


def scored(labelled: LabelledSet, scoring: Scoring) -> Scored:
    found = OwnSearch(labelled).find_all(scoring, depth=DEPTH, steps=THRESHOLDS.tolist())
    right = labelled.right()
    return Scored(
        labelled.name,
        np.array([bool(wanted) for wanted in right]),
        np.array([[match.score for match in each.matches] for each in found]),
        np.array(
            [
                [match.entry.id in wanted for match in each.matches]
                for each, wanted in zip(found, right, strict=True)
            ]
        ),
        np.array([each.counts for each in found]),
    )


def curve(one: Scored) -> NDArray[np.float64]:
    """Rows of right, present, precision, refused, matches, F1; one a threshold."""
    rows = []
    found = (one.is_right.any(axis=1) & one.in_scope).sum()
    for at, threshold in enumerate(THRESHOLDS):
        shown = one.scores[:, 0] >= threshold
        first = shown & one.is_right[:, 0]
        right = first[one.in_scope].mean()
        present = (one.is_right & (one.scores >= threshold)).any(axis=1).sum() / found
        precision = first.sum() / max(shown.sum(), 1)
        refused = (~shown[~one.in_scope]).mean()
        f1 = 2 * precision * right / max(precision + right, 1e-9)
        rows.append((right, present, precision, refused, one.counts[:, at].mean(), f1))
    return np.array(rows)


def table(name: str, rows: NDArray[np.float64]) -> None:
    print(f"\n### {name}\n\n| threshold | right | present | precision | refused | matches | F1 |")
    print("|---|---|---|---|---|---|---|")
    for threshold, row in zip(THRESHOLDS, rows, strict=True):
        right, present, precision, refused, matches, f1 = row
        print(
            f"| {threshold:.2f} | {right:.3f} | {present:.3f} | {precision:.3f} "
            f"| {refused:.3f} | {matches:.1f} | {f1:.3f} |"
        )


def chosen(mean: NDArray[np.float64]) -> dict[str, float]:
    def refusing(least: float) -> float:
        return float(THRESHOLDS[np.flatnonzero(mean[:, 3] >= least)[0]])

    def keeping(least: float) -> float:
        return float(THRESHOLDS[np.flatnonzero(mean[:, 1] >= least)[-1]])

    return {
        "precise": refusing(PRECISE),
        "balanced": float(THRESHOLDS[mean[:, 5].argmax()]),
        "recall": keeping(RECALL),
        "moderation, high": refusing(HIGH),
        "moderation, low": keeping(LOW),
    }


def near_ties(sets: list[Scored]) -> None:
    print("\n### Near ties, questions in scope\n\n| margin | share | first right | first right beyond |")
    print("|---|---|---|---|")
    gaps = np.concatenate([(one.scores[:, 0] - one.scores[:, 1])[one.in_scope] for one in sets])
    right = np.concatenate([one.is_right[one.in_scope, 0] for one in sets])
    for margin in MARGINS:
        near = gaps < margin
        print(f"| {margin} | {near.mean():.3f} | {right[near].mean():.3f} | {right[~near].mean():.3f} |")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("folders", nargs="+", type=Path, metavar="FOLDER")
    parser.add_argument("--scoring", choices=["auto", "cosine", "either"], default="auto")
    given = parser.parse_args()
    sets = [scored(LabelledSet.load(folder, bare), given.scoring) for folder in given.folders]
    curves = [curve(one) for one in sets]
    for one, rows in zip(sets, curves, strict=True):
        table(one.name, rows)
    mean = np.mean(curves, axis=0)
    table("mean", mean)
    print("\n### Chosen\n")
    for name, threshold in chosen(mean).items():
        print(f"- {name}: {threshold:.2f}")
    near_ties(sets)


if __name__ == "__main__":
    main()
