"""The bodies of the routes that measure: thresholds, vectors, likeness."""

from __future__ import annotations

from dataclasses import asdict
from typing import Annotated, ClassVar, Literal

from pydantic import BaseModel, ConfigDict, Field

from engine.evaluation import Label
from engine.evaluation.picture import Language
from engine.evaluation.report import base64_of
from engine.evaluation.vector_stats import Inspected
from engine.web.bodies import Whole

MOST_LABELS = 20_000
MOST_TEXTS = 1_000
LONGEST_TEXT = 20_000

_Text = Annotated[str, Field(min_length=1, max_length=LONGEST_TEXT)]


class LabelBody(BaseModel):
    """One answer that was judged. Labels of one `group`, a question, are not independent of each other."""

    model_config = ConfigDict(extra="forbid", strict=True)

    score: float = Field(ge=-1, le=1, allow_inf_nan=False)
    relevant: bool
    group: str = Field(default="", max_length=64)


class EvaluateRequest(BaseModel):
    """Labels, and what to find in them. Only `labels` is required."""

    limit_bytes: ClassVar = 4 << 20
    model_config = ConfigDict(extra="forbid", strict=True)

    labels: list[LabelBody] = Field(min_length=1, max_length=MOST_LABELS)
    precision: float | None = Field(
        default=None, gt=0, lt=1, description="Wanted of the lowest threshold, with 95 % confidence."
    )
    threshold: float | None = Field(
        default=None, ge=-1, le=1, allow_inf_nan=False, description="Today's, to compare with."
    )
    seed: Whole = Field(default=0, ge=0, le=2**32 - 1)
    points: Whole = Field(
        default=200, ge=2, le=MOST_LABELS, description="How many points of the curve to report at most."
    )
    picture: bool = True
    language: Language = Field(default="en", description="Of the words in the picture.")

    def as_labels(self) -> list[Label]:
        return [Label(label.score, label.relevant, label.group) for label in self.labels]


class InspectRequest(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)

    text: _Text
    values: Literal["first", "all"] = Field(default="first", description="The first 50, or all of them.")
    picture: bool = False
    language: Language = Field(default="en", description="Of the words in the picture.")


class HistogramBody(BaseModel):
    """One more edge than counts; the last bin holds both its edges."""

    edges: list[float]
    counts: list[int]


class InspectResponse(BaseModel):
    """A question as the engine sees it. `tokens` is null where the model does not tell."""

    model: str
    fingerprint: str
    dimension: int
    norm: float
    values: list[float]
    histogram: HistogramBody
    tokens: int | None
    picture: str | None

    @classmethod
    def of(
        cls, seen: Inspected, *, model: str, fingerprint: str, tokens: int | None, picture: bytes | None
    ) -> InspectResponse:
        """The vector itself from `seen`, whose edges and counts are one histogram here."""
        return cls(
            **asdict(seen),
            histogram=HistogramBody(edges=list(seen.edges), counts=list(seen.counts)),
            model=model,
            fingerprint=fingerprint,
            tokens=tokens,
            picture=base64_of(picture),
        )


class GroupsRequest(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)

    texts: list[_Text] = Field(min_length=1, max_length=MOST_TEXTS)
    similarity: float = Field(
        default=0.6, ge=0, le=1, description="The mean cosine that two groups need to become one."
    )


class GroupsResponse(BaseModel):
    """The places of the texts, in groups; the largest first."""

    groups: list[list[int]]
    model: str
    fingerprint: str
