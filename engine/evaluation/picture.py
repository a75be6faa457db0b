"""Pictures, as PNG. Their few words are English: the fonts that come along know no Chinese."""

from __future__ import annotations

import io
from collections.abc import Sequence
from typing import Any

from engine.evaluation.evaluate import Evaluation

_POINTS = 1000  # more cannot be told apart at this width
_SIZE, _DPI = (7.2, 4.2), 110


def drawn_curve(evaluation: Evaluation) -> bytes:
    """Precision, recall and F1 over the threshold, with today's and the suggested ones marked."""
    figure, axes = _figure()
    points = evaluation.curve.thinned(_POINTS)
    at = [point.threshold for point in points]
    for name, values, colour in (
        ("precision", [point.precision for point in points], "#1f77b4"),
        ("recall", [point.recall for point in points], "#ff7f0e"),
        ("F1", [point.f1 for point in points], "#2ca02c"),
    ):
        axes.step(at, values, where="pre", label=name, color=colour)
    if evaluation.current is not None:
        now = evaluation.current.threshold
        axes.axvline(now, color="black", linewidth=1.5, label=f"now {now:g}")
    for name, chosen, colour in (
        ("best F1", evaluation.best, "#2ca02c"),
        (f"precision {evaluation.precision or 0:g}", evaluation.wanted, "#9467bd"),
    ):
        if chosen is None:
            continue
        axes.axvline(chosen.suggested, color=colour, linestyle="--", label=f"{name}: {chosen.suggested:g}")
        if chosen.interval is not None:
            high = at[-1] if chosen.interval.high is None else chosen.interval.high
            axes.axvspan(chosen.interval.low, high, color=colour, alpha=0.12)
    axes.set_xlabel(f"threshold ({evaluation.labels} labels)")
    axes.set_ylim(-0.02, 1.02)
    axes.legend(loc="lower left", fontsize=8)
    return _png(figure)


def drawn_histogram(edges: Sequence[float], counts: Sequence[int]) -> bytes:
    """How the numbers of a vector are spread."""
    figure, axes = _figure()
    axes.stairs(counts, edges, fill=True)
    axes.set_xlabel("value")
    axes.set_ylabel("count")
    return _png(figure)


def _figure() -> tuple[Any, Any]:
    """One of our own, and none of pyplot's, which belong to the whole process."""
    from matplotlib.figure import Figure  # noqa: PLC0415 - a second

    figure = Figure(figsize=_SIZE, dpi=_DPI, layout="tight")
    axes = figure.add_subplot()
    axes.grid(visible=True, alpha=0.3)
    return figure, axes


def _png(figure: Any) -> bytes:
    content = io.BytesIO()
    # Agg draws in memory, whatever backend the environment asks for; no date, so that the same is the same.
    figure.savefig(content, format="png", backend="agg", metadata={"Software": None})
    return content.getvalue()
