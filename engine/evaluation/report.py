"""The figures of an evaluation, as data for the HTTP contract and for the files of `evaluate`."""

from __future__ import annotations

import base64

from pydantic import AliasPath, BaseModel, ConfigDict, Field

from engine.evaluation.evaluate import CONFIDENCE, METHOD, Evaluation


class _Figures(BaseModel):
    """Made from the value of the same field names by `model_validate`."""

    model_config = ConfigDict(from_attributes=True)


class PointBody(_Figures):
    threshold: float
    precision: float
    recall: float
    f1: float
    kept: int


class IntervalBody(_Figures):
    """The 95 % bootstrap interval of a threshold; `high` is null when it has no upper end."""

    low: float
    high: float | None


class ChosenBody(PointBody):
    """`suggested` is rounded to what people set; `at_suggested` is what that does to the labels."""

    threshold: float = Field(validation_alias=AliasPath("point", "threshold"))
    precision: float = Field(validation_alias=AliasPath("point", "precision"))
    recall: float = Field(validation_alias=AliasPath("point", "recall"))
    f1: float = Field(validation_alias=AliasPath("point", "f1"))
    kept: int = Field(validation_alias=AliasPath("point", "kept"))
    lower_bound: float
    suggested: float
    at_suggested: PointBody
    interval: IntervalBody | None


class EvaluateResponse(_Figures):
    """`method` names the bound of the precision, `confidence` says how sure it is."""

    labels: int
    relevant: int = Field(validation_alias=AliasPath("curve", "relevant"))
    groups: int
    best: ChosenBody | None
    precision: float | None
    wanted: ChosenBody | None
    current: PointBody | None
    method: str = METHOD
    confidence: float = CONFIDENCE
    curve: list[PointBody] = Field(default=[], validation_alias="thinned")
    picture: str | None = Field(default=None, description="A PNG in base64.")

    @classmethod
    def of(cls, evaluation: Evaluation, points: int, picture: bytes | None) -> EvaluateResponse:
        """The report of an evaluation, with at most `points` of its curve."""
        curve = [PointBody.model_validate(point) for point in evaluation.curve.thin(points)]
        return cls.model_validate(evaluation).model_copy(
            update={"curve": curve, "picture": base64_of(picture)}
        )


def base64_of(content: bytes | None) -> str | None:
    return None if content is None else base64.b64encode(content).decode()
