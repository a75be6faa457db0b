"""Evaluation of thresholds, given scores that somebody said were right or wrong.

    labels ──► curve (every distinct score) ──► best F1, lowest threshold of a wanted precision
                                           └──► intervals from resampling ──► picture

Counting is scikit-learn's, drawing matplotlib's; both are imported at the first call,
because together they take two seconds that a start can do without (`rehearsal` makes that
call in advance). Nothing here knows where labels come from.
"""

from __future__ import annotations

from engine.evaluation.curve import Label, Point
from engine.evaluation.evaluate import CONFIDENCE, METHOD, Chosen, Evaluation, evaluate

__all__ = ["CONFIDENCE", "METHOD", "Chosen", "Evaluation", "Label", "Point", "evaluate"]
