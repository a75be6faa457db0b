"""A channel's labels over its threshold: precision, recall and F1 at each, and one click to set it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from flask import Blueprint, Response, request

from bot import texts
from bot.commands.base.context import Effective, MessageContext
from bot.commands.tune.judged import Gathered, gather
from bot.commands.tune.reply import not_enough
from bot.commands.tune.words import WORDS as TUNE_WORDS
from bot.console import charts
from bot.console.channel_view import context_of, threshold_of
from bot.console.pages.channels import channel_asked
from bot.console.pages.dial import csv_file
from bot.console.site import Site
from bot.console.visitor import language_of
from bot.domain import Channel
from bot.engine_client import Chosen, Evaluated, Point

PRECISIONS = ("0.80", "0.90", "0.95", "0.99")
ROWS_SHOWN = 40
CSV_HEAD = ("threshold", "precision", "recall", "f1", "kept")


@dataclass(frozen=True, slots=True)
class Curve:
    """The lines of both pictures, as SVG points."""

    precision: str
    recall: str
    f1: str
    precision_over_recall: str


@dataclass(frozen=True, slots=True)
class Seen:
    """The figures that the labels of a channel give; `found` is None where there is none that counts."""

    channel: Channel
    context: MessageContext
    threshold: Effective | None
    gathered: Gathered
    found: Evaluated | None
    wanted: str | None


def add(routes: Blueprint, site: Site) -> None:
    @routes.get("/calibrate")
    def calibrate() -> Response:
        seen = _look(site)
        found = seen.found
        return site.page(
            "calibrate.html",
            channel=seen.channel,
            context=seen.context,
            threshold=seen.threshold,
            gathered=seen.gathered,
            found=found,
            wanted=seen.wanted,
            curve=_curve(found.curve) if found else None,
            rows=_some(found.curve) if found else [],
            problem=not_enough(TUNE_WORDS[language_of(request)], found) if found else "",
            chosen=_chosen(found) if found else [],
            precisions=PRECISIONS,
            spot=charts.spot_of,
            shown=_format,
        )

    @routes.get("/calibrate.csv")
    def calibrate_table() -> Response:
        found = _look(site).found
        points = found.curve if found else ()
        return csv_file(
            "calibrate.csv",
            CSV_HEAD,
            [(one.threshold, one.precision, one.recall, one.f1, one.kept) for one in points],
        )


def _look(site: Site) -> Seen:
    """Raises EngineError, for nothing of it is known without the engine."""
    parts, channel = site.parts, channel_asked(site)
    context = context_of(parts, channel, site.visitor.person)
    name = context.knowledge_base
    base = parts.engine.knowledge_base(name)
    threshold = threshold_of(context, {name: base})
    given = [past.label for past in parts.read.labels.of(channel, knowledge_base=name)]
    gathered = gather(parts.engine, given, name, base.fingerprint)
    wanted = request.args.get("precision")
    wanted = wanted if wanted in PRECISIONS else None
    found = None
    if gathered.judged:
        found = parts.engine.evaluate(
            gathered.judged,
            precision=float(wanted) if wanted else None,
            threshold=float(threshold.value) if threshold else 0.0,
            picture=None,
        )
    return Seen(channel, context, threshold, gathered, found, wanted)


def _chosen(found: Evaluated) -> list[tuple[str, Chosen]]:
    """The thresholds on offer, each with the key of its label; those that do not exist are left out."""
    offered = {"best_f1": found.best, "wanted_precision": found.wanted}
    return [(word, chosen) for word, chosen in offered.items() if chosen is not None]


def _format(threshold: float) -> str:
    return texts.threshold(Decimal(repr(threshold)))


def _curve(points: Sequence[Point]) -> Curve:
    return Curve(
        precision=charts.line([(point.threshold, point.precision) for point in points]),
        recall=charts.line([(point.threshold, point.recall) for point in points]),
        f1=charts.line([(point.threshold, point.f1) for point in points]),
        precision_over_recall=charts.line([(point.recall, point.precision) for point in points]),
    )


def _some(points: Sequence[Point]) -> list[Point]:
    """A sample of at most `ROWS_SHOWN` points, evenly taken; all are in the file."""
    if len(points) <= ROWS_SHOWN:
        return list(points)
    step = (len(points) - 1) / (ROWS_SHOWN - 1)
    return [points[round(at * step)] for at in range(ROWS_SHOWN)]
