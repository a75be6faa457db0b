"""Pictures, as PNG, labelled in the language of the channel.

Their font comes along (`picture_font.otf`): what a machine has installed may know no
Chinese. It holds ASCII and the characters of the words below, and no others.
"""

from __future__ import annotations

import io
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from engine.evaluation.evaluate import Evaluation

Language = Literal["en", "zh"]

FONT = Path(__file__).with_name("picture_font.otf")
_POINTS = 1000  # more cannot be told apart at this width
_SIZE, _DPI = (7.2, 4.4), 110
# Told apart by people who do not see all colours too (Okabe and Ito's).
_BLUE, _ORANGE, _GREEN, _PURPLE = "#0072b2", "#d55e00", "#009e73", "#cc79a7"


@dataclass(frozen=True, slots=True)
class Words:
    precision: str
    recall: str
    f1: str
    threshold: str
    now: str
    best: str
    wanted: str
    value: str
    count: str


WORDS: dict[Language, Words] = {
    "en": Words(
        precision="precision",
        recall="recall",
        f1="F1",
        threshold="threshold ({labels} labels)",
        now="now {threshold}",
        best="best F1: {threshold}",
        wanted="precision {precision}: {threshold}",
        value="value",
        count="count",
    ),
    "zh": Words(
        precision="精确率",
        recall="召回率",
        f1="F1",
        threshold="阈值（{labels} 条标注）",
        now="当前 {threshold}",
        best="F1 最高：{threshold}",
        wanted="精确率 {precision}：{threshold}",
        value="数值",
        count="个数",
    ),
}


def drawn_curve(evaluation: Evaluation, language: Language = "en") -> bytes:
    """Precision, recall and F1 over the threshold, with today's and the suggested ones marked."""
    words = WORDS[language]
    figure, axes = _figure(words.threshold.format(labels=evaluation.labels), top=0.85)
    points = evaluation.curve.thin(_POINTS)
    at = [point.threshold for point in points]
    for name, values, colour in (
        (words.precision, [point.precision for point in points], _BLUE),
        (words.recall, [point.recall for point in points], _ORANGE),
        (words.f1, [point.f1 for point in points], _GREEN),
    ):
        axes.step(at, values, where="pre", label=name, color=colour)
    if evaluation.current is not None:
        now = evaluation.current.threshold
        axes.axvline(now, color="black", linewidth=1.5, label=words.now.format(threshold=_number(now)))
    best = words.best.format(threshold="{}")
    wanted = words.wanted.format(precision=f"{evaluation.precision or 0:g}", threshold="{}")
    for name, chosen, colour in ((best, evaluation.best, _GREEN), (wanted, evaluation.wanted, _PURPLE)):
        if chosen is None:
            continue
        label = name.format(_number(chosen.suggested))
        axes.axvline(chosen.suggested, color=colour, linestyle="--", label=label)
        if chosen.interval is not None:
            high = at[-1] if chosen.interval.high is None else chosen.interval.high
            axes.axvspan(chosen.interval.low, high, color=colour, alpha=0.12)
    axes.set_ylim(-0.02, 1.02)
    # Above the curves, where it hides nothing.
    figure.legend(loc="upper center", ncols=3, frameon=False, prop=_font(9))
    return _png(figure)


def drawn_histogram(edges: Sequence[float], counts: Sequence[int], language: Language = "en") -> bytes:
    """A histogram of the values of a vector, as PNG."""
    words = WORDS[language]
    figure, axes = _figure(words.value, words.count, top=0.95)
    axes.stairs(counts, edges, fill=True, color=_BLUE)
    return _png(figure)


def _figure(below: str, beside: str = "", *, top: float) -> tuple[Any, Any]:
    """One of our own, and none of pyplot's, which belong to the whole process."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=_SIZE, dpi=_DPI)
    # Margins that fit what is written there: to have them measured means to draw twice.
    axes = figure.add_axes((0.09, 0.12, 0.88, top - 0.12))
    axes.grid(visible=True, alpha=0.3)
    axes.set_xlabel(below, fontproperties=_font(10))
    axes.set_ylabel(beside, fontproperties=_font(10))
    axes.tick_params(labelsize=9)
    return figure, axes


def _font(size: float) -> Any:
    from matplotlib.font_manager import FontProperties

    return FontProperties(fname=FONT, size=size)


def _number(threshold: float) -> str:
    """The threshold as the chat writes it: two decimals, or up to four where it has more."""
    return max(f"{threshold:.2f}", f"{threshold:.4f}".rstrip("0"), key=len)


def _png(figure: Any) -> bytes:
    content = io.BytesIO()
    # Agg draws in memory, whatever backend the environment asks for; no date, so that the same is the same.
    figure.savefig(content, format="png", backend="agg", metadata={"Software": None})
    return content.getvalue()
