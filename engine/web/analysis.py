"""The routes that measure and change nothing: thresholds, vectors, likeness."""

from __future__ import annotations

from flask import Blueprint, Response

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
from engine.web.reading import as_json, json_body

LABELS_LIMIT_BYTES = 4 << 20


def analysis_routes(batcher: Batcher) -> Blueprint:
    """The routes below /v1 that ask no knowledge base."""
    routes = Blueprint("analysis", __name__, url_prefix="/v1")

    @routes.post("/evaluate", endpoint="evaluate")
    def evaluate_labels() -> Response:
        asked = json_body(EvaluateRequest, limit_bytes=LABELS_LIMIT_BYTES)
        found = evaluate(
            asked.as_labels(), precision=asked.precision, current=asked.threshold, seed=asked.seed
        )
        picture = drawn_curve(found, asked.language) if asked.picture else None
        return as_json(EvaluateResponse.of(found, asked.points, picture))

    @routes.post("/inspect")
    def inspect() -> Response:
        asked = json_body(InspectRequest)
        _visible(asked.text, "text")
        vector = batcher.encode_question(asked.text)
        seen = inspect_vector(vector) if asked.values == "first" else inspect_vector(vector, None)
        picture = drawn_histogram(seen.edges, seen.counts, asked.language) if asked.picture else None
        return as_json(
            InspectResponse.of(
                seen,
                model=batcher.identity.name,
                fingerprint=batcher.identity.fingerprint,
                tokens=batcher.count_tokens([asked.text], "query"),
                picture=picture,
            )
        )

    @routes.post("/groups")
    def groups() -> Response:
        asked = json_body(GroupsRequest)
        for number, text in enumerate(asked.texts):
            _visible(text, f"texts.{number}")
        vectors = batcher.encode_entries(asked.texts)
        return as_json(
            GroupsResponse(
                groups=group_similar(vectors, asked.similarity),
                model=batcher.identity.name,
                fingerprint=batcher.identity.fingerprint,
            )
        )

    return routes


def _visible(text: str, field: str) -> None:
    if not is_visible(text):
        raise BadValue(f"{field} must hold at least one visible character")
