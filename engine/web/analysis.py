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
from engine.index.snapshot import ModelIdentity, Vectors
from engine.search import is_visible
from engine.web.analysis_bodies import (
    EvaluateRequest,
    GroupsRequest,
    GroupsResponse,
    InspectRequest,
    InspectResponse,
)
from engine.web.openapi import refuses
from engine.web.workers import Workers


def add_analysis_routes(app: FastAPI, batcher: Batcher, workers: Workers) -> None:
    """The routes below /v1 that ask no knowledge base."""

    @app.post(
        "/v1/evaluate",
        operation_id="evaluate",
        summary="What judged answers say about thresholds.",
        responses=refuses(400, 413, 415, 422),
    )
    async def evaluate_labels(asked: EvaluateRequest) -> EvaluateResponse:
        return await workers.compute(lambda: _evaluate(asked))

    @app.post(
        "/v1/inspect",
        operation_id="inspect",
        summary="The vector behind a text.",
        responses=refuses(400, 413, 415, 422, 429, 503),
    )
    async def inspect(asked: InspectRequest) -> InspectResponse:
        _visible(asked.text, "text")
        vector = await batcher.encode_question_soon(asked.text)
        tokens = await workers.run(lambda: batcher.count_tokens([asked.text], "query"))
        return await workers.compute(lambda: _inspect(asked, vector, tokens, batcher.identity))

    @app.post(
        "/v1/groups",
        operation_id="group",
        summary="Texts that mean the same.",
        responses=refuses(400, 413, 415, 422, 429, 503),
    )
    async def groups(asked: GroupsRequest) -> GroupsResponse:
        for number, text in enumerate(asked.texts):
            _visible(text, f"texts.{number}")
        vectors = await workers.run(lambda: batcher.encode_entries(asked.texts))
        return GroupsResponse(
            groups=await workers.compute(lambda: group_similar(vectors, asked.similarity)),
            model=batcher.identity.name,
            fingerprint=batcher.identity.fingerprint,
        )


def _evaluate(asked: EvaluateRequest) -> EvaluateResponse:
    found = evaluate(asked.as_labels(), precision=asked.precision, current=asked.threshold, seed=asked.seed)
    picture = drawn_curve(found, asked.language) if asked.picture else None
    return EvaluateResponse.of(found, asked.points, picture)


def _inspect(
    asked: InspectRequest, vector: Vectors, tokens: int | None, identity: ModelIdentity
) -> InspectResponse:
    seen = inspect_vector(vector) if asked.values == "first" else inspect_vector(vector, None)
    picture = drawn_histogram(seen.edges, seen.counts, asked.language) if asked.picture else None
    return InspectResponse.of(
        seen,
        model=identity.name,
        fingerprint=identity.fingerprint,
        tokens=tokens,
        picture=picture,
    )


def _visible(text: str, field: str) -> None:
    if not is_visible(text):
        raise BadValue(f"{field} must hold at least one visible character")
