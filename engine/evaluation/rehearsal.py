"""Warm-up of the evaluation: one is computed and drawn in advance, of labels that mean nothing.

What they import takes two seconds and 110 MiB. Whoever has done them in advance need not
do so while somebody waits.
"""

from __future__ import annotations

from engine.evaluation.curve import Label
from engine.evaluation.evaluate import evaluate
from engine.evaluation.picture import drawn_curve

_LABELS = (Label(0.6, relevant=True), Label(0.4, relevant=False))


def evaluated_once() -> None:
    evaluate(_LABELS, precision=0.5)


def drawn_once() -> None:
    drawn_curve(evaluate(_LABELS))
