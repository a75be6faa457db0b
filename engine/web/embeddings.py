"""`POST /v1/embeddings`, in OpenAI's protocol, so that other tools can use the engine's model."""

from __future__ import annotations

import base64
from typing import Annotated, Any, ClassVar, Literal

import numpy as np
from fastapi import FastAPI
from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

from engine.domain import BadValue
from engine.encoder.batcher import Batcher
from engine.index.snapshot import Vectors
from engine.search import is_visible
from engine.web.openapi import refuses

MOST_TEXTS = 2048

_Text = Annotated[str, Field(min_length=1, max_length=20_000)]


def _list(given: Any) -> Any:
    return [given] if isinstance(given, str) else given


_Texts = Annotated[
    list[_Text],
    Field(min_length=1, max_length=MOST_TEXTS),
    BeforeValidator(_list, json_schema_input_type=_Text | list[_Text]),
]
"""A list of texts; one alone may stand without the brackets."""


class EmbeddingsRequest(BaseModel):
    """Texts to be encoded bare, with nothing put in front. Fields not named here are passed over."""

    limit_bytes: ClassVar = 8 << 20
    model_config = ConfigDict(extra="ignore", strict=True)

    input: _Texts
    model: str | None = Field(default=None, max_length=500)
    encoding_format: Literal["float", "base64"] = "float"
    dimensions: int | None = Field(
        default=None, ge=1, description="Vectors are cut to it, and again of length 1."
    )


class EmbeddingBody(BaseModel):
    """One vector: numbers, or their float32 bytes, little endian, in base64."""

    object: Literal["embedding"] = "embedding"
    index: int
    embedding: list[float] | str


class UsageBody(BaseModel):
    """Tokens read; 0 where the model does not tell."""

    prompt_tokens: int
    total_tokens: int


class EmbeddingsResponse(BaseModel):
    object: Literal["list"] = "list"
    data: list[EmbeddingBody]
    model: str
    usage: UsageBody


def add_embeddings_routes(app: FastAPI, batcher: Batcher) -> None:
    """The route below /v1 that hands out vectors."""

    @app.post(
        "/v1/embeddings",
        operation_id="embed",
        summary="Vectors of texts, in OpenAI's protocol.",
        responses=refuses(400, 413, 415, 422, 429, 503),
    )
    def embed(asked: EmbeddingsRequest) -> EmbeddingsResponse:
        model = batcher.identity
        if asked.model not in {None, model.name}:
            raise BadValue(f'model must be "{model.name}", which is what runs here (got "{asked.model}")')
        if asked.dimensions and asked.dimensions > model.dimension:
            raise BadValue(f"dimensions must be at most {model.dimension} (got {asked.dimensions})")
        for number, text in enumerate(asked.input):
            if not is_visible(text):
                raise BadValue(f"input.{number} must hold at least one visible character")
        vectors = _cut(batcher.encode_entries(asked.input, role="bare"), asked.dimensions)
        tokens = batcher.count_tokens(asked.input, "bare") or 0
        return EmbeddingsResponse(
            data=[
                EmbeddingBody(index=index, embedding=_pack(row, asked.encoding_format))
                for index, row in enumerate(vectors)
            ],
            model=model.name,
            usage=UsageBody(prompt_tokens=tokens, total_tokens=tokens),
        )


def _cut(vectors: Vectors, dimensions: int | None) -> Vectors:
    if dimensions is None:
        return vectors
    short = vectors[:, :dimensions].astype(np.float64)
    lengths = np.linalg.norm(short, axis=1, keepdims=True)
    if not (lengths > 0).all():
        raise BadValue(f"the first {dimensions} numbers of a vector are zero, ask for more dimensions")
    unit: Vectors = (short / lengths).astype(np.float32)
    return unit


def _pack(row: Vectors, encoding: str) -> list[float] | str:
    if encoding == "base64":
        return base64.b64encode(row.astype("<f4").tobytes()).decode()
    numbers: list[float] = row.tolist()
    return numbers
