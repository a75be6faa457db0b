"""Requests in, JSON out: a route's body, or a sentence about what is wrong with it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, TypeVar

from flask import Response, request
from pydantic import BaseModel, ValidationError

from engine.domain import BadValue, UnsupportedMediaType
from engine.web.bodies import explain_mistakes

_Body = TypeVar("_Body", bound=BaseModel)


def as_json(body: BaseModel | Mapping[str, Any], status: int = 200) -> Response:
    text = body.model_dump_json() if isinstance(body, BaseModel) else json.dumps(body, ensure_ascii=False)
    return Response(text, status=status, content_type="application/json")


def json_body(shape: type[_Body], *, limit_bytes: int | None = None) -> _Body:
    """The body of the request, as this shape; larger than others may be, up to `limit_bytes`.

    Raises:
        UnsupportedMediaType, BadRequest, BadValue
    """
    wanted_type(("application/json",))
    if limit_bytes is not None:
        request.max_content_length = limit_bytes
    return as_shape(shape, request.get_data())


def as_shape(shape: type[_Body], content: bytes) -> _Body:
    """Raises BadRequest and BadValue, with every mistake."""
    try:
        return shape.model_validate_json(content)
    except ValidationError as mistakes:
        raise explain_mistakes(mistakes) from None


def wanted_type(wanted: tuple[str, ...]) -> str:
    """The media type of the body, when it is a wanted one, in plain UTF-8.

    Raises:
        UnsupportedMediaType
    """
    given = request.mimetype
    if given not in wanted:
        raise UnsupportedMediaType(f'the Content-Type must be {" or ".join(wanted)} (got "{given[:80]}")')
    if request.headers.get("Content-Encoding", "identity").lower() not in {"identity", ""}:
        raise UnsupportedMediaType("compressed bodies are not read, send it as it is")
    if request.mimetype_params.get("charset", "utf-8").lower() not in {"utf-8", "utf8", "us-ascii"}:
        raise UnsupportedMediaType("the body must be UTF-8")
    return given


def whole_number(name: str, default: int, low: int, high: int) -> int:
    several = request.args.getlist(name)
    if not several:
        return default
    if len(several) > 1:
        raise BadValue(f"{name} is given {len(several)} times")
    (given,) = several
    if not (given.isascii() and given.isdigit() and len(given) <= 12 and low <= int(given) <= high):  # noqa: PLR2004 - more digits are out of range anyway
        raise BadValue(f'{name} must be a whole number from {low} to {high} (got "{given[:80]}")')
    return int(given)
