"""The routes that measure and change nothing: thresholds, vectors, likeness."""

from __future__ import annotations

from fastapi import FastAPI

from engine.domain import BadValue
from engine.encoder.batcher import Batcher
from engine.evaluation import evaluate
from engine.evaluation.clustering import group_similar
from engine.evaluation.picture import drawn_curve, drawn_histogram
from engine.evaluation.report import EvaluateResponse
from engine.evaluation.vector_stats import inspect_vector
from engine.search import is_visible
from engine.web.analysis_bodies import (
    EvaluateRequest,
    GroupsRequest,
    GroupsResponse,
    InspectRequest,
    InspectResponse,
)
from engine.web.openapi import refuses


def add_analysis_routes(app: FastAPI, batcher: Batcher) -> None:
    """The routes below /v1 that ask no knowledge base."""

    @app.post(
        "/v1/evaluate",
        operation_id="evaluate",
        summary="What judged answers say about thresholds.",
        responses=refuses(400, 413, 415, 422),
    )
    def evaluate_labels(asked: EvaluateRequest) -> EvaluateResponse:
        found = evaluate(
            asked.as_labels(), precision=asked.precision, current=asked.threshold, seed=asked.seed
        )
        picture = drawn_curve(found, asked.language) if asked.picture else None
        return EvaluateResponse.of(found, asked.points, picture)

    @app.post(
        "/v1/inspect",
        operation_id="inspect",
        summary="The vector behind a text.",
        responses=refuses(400, 413, 415, 422, 429, 503),
    )
    def inspect(asked: InspectRequest) -> InspectResponse:
        _visible(asked.text, "text")
        vector = batcher.encode_question(asked.text)
        seen = inspect_vector(vector) if asked.values == "first" else inspect_vector(vector, None)
        picture = drawn_histogram(seen.edges, seen.counts, asked.language) if asked.picture else None
        return InspectResponse.of(
            seen,
            model=batcher.identity.name,
            fingerprint=batcher.identity.fingerprint,
            tokens=batcher.count_tokens([asked.text], "query"),
            picture=picture,
        )

    @app.post(
        "/v1/groups",
        operation_id="group",
        summary="Texts that mean the same.",
        responses=refuses(400, 413, 415, 422, 429, 503),
    )
    def groups(asked: GroupsRequest) -> GroupsResponse:
        for number, text in enumerate(asked.texts):
            _visible(text, f"texts.{number}")
        vectors = batcher.encode_entries(asked.texts)
        return GroupsResponse(
            groups=group_similar(vectors, asked.similarity),
            model=batcher.identity.name,
            fingerprint=batcher.identity.fingerprint,
        )


def _visible(text: str, field: str) -> None:
    if not is_visible(text):
        raise BadValue(f"{field} must hold at least one visible character")
