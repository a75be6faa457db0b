"""What the engine says of thresholds, vectors and likeness, checked before it is used."""

from __future__ import annotations

from pydantic import Base64Bytes

from bot.engine_client.analysis import (
    Chosen,
    Evaluated,
    Inspected,
    Point,
)
from bot.engine_client.shapes import Count, Finite, _Shape


class PointShape(_Shape):
    threshold: Finite
    precision: Finite
    recall: Finite
    f1: Finite
    kept: Count

    def point(self) -> Point:
        return Point(self.threshold, self.precision, self.recall, self.f1, self.kept)


class IntervalShape(_Shape):
    low: Finite
    high: Finite | None


class ChosenShape(PointShape):
    lower_bound: Finite
    suggested: Finite
    at_suggested: PointShape
    interval: IntervalShape | None

    def chosen(self) -> Chosen:
        return Chosen(
            point=self.point(),
            lower_bound=self.lower_bound,
            suggested=self.suggested,
            at_suggested=self.at_suggested.point(),
            low=None if self.interval is None else self.interval.low,
            high=None if self.interval is None else self.interval.high,
        )


class EvaluatedShape(_Shape):
    labels: Count
    relevant: Count
    groups: Count
    best: ChosenShape | None
    precision: Finite | None
    wanted: ChosenShape | None
    current: PointShape | None
    confidence: Finite
    curve: tuple[PointShape, ...]
    picture: Base64Bytes | None = None

    def evaluated(self) -> Evaluated:
        return Evaluated(
            labels=self.labels,
            relevant=self.relevant,
            questions=self.groups,
            best=self.best.chosen() if self.best else None,
            precision=self.precision,
            wanted=self.wanted.chosen() if self.wanted else None,
            current=self.current.point() if self.current else None,
            confidence=self.confidence,
            curve=tuple(point.point() for point in self.curve),
            picture=self.picture,
        )


class HistogramShape(_Shape):
    edges: tuple[Finite, ...]
    counts: tuple[Count, ...]


class InspectedShape(_Shape):
    model: str
    dimension: Count
    norm: Finite
    values: tuple[Finite, ...]
    histogram: HistogramShape
    tokens: Count | None = None
    picture: Base64Bytes | None = None

    def inspected(self) -> Inspected:
        return Inspected(
            model=self.model,
            dimension=self.dimension,
            norm=self.norm,
            values=self.values,
            edges=self.histogram.edges,
            counts=self.histogram.counts,
            tokens=self.tokens,
            picture=self.picture,
        )


class GroupsShape(_Shape):
    groups: tuple[tuple[Count, ...], ...]
