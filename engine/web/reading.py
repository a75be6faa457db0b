"""Requests in, JSON out: a route's body, or a sentence about what is wrong with it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError
from starlette.datastructures import QueryParams
from starlette.requests import Request
from starlette.responses import Response

from engine.domain import BadValue, TooLarge, UnsupportedMediaType
from engine.web.error_bodies import explain_mistakes

BODY_LIMIT_BYTES = 1 << 20

_Body = TypeVar("_Body", bound=BaseModel)


def as_json(body: BaseModel | Mapping[str, Any], status: int = 200) -> Response:
    text = body.model_dump_json() if isinstance(body, BaseModel) else json.dumps(body, ensure_ascii=False)
    return Response(text, status, media_type="application/json")


async def json_body(request: Request, shape: type[_Body], *, is_needed: bool = True) -> _Body:
    """The body of the request, as this shape; larger than others may be where the shape says `limit_bytes`.

    Raises:
        UnsupportedMediaType, TooLarge, BadRequest, BadValue
    """
    if is_needed:
        wanted_type(request, ("application/json",))
    content = await read_body(request, getattr(shape, "limit_bytes", BODY_LIMIT_BYTES))
    if not is_needed:
        content = content.strip()
        if not content:
            return as_shape(shape, b"{}")
        wanted_type(request, ("application/json",))
    return as_shape(shape, content)


async def read_body(request: Request, limit_bytes: int) -> bytes:
    """All of it. Of a larger one nothing is kept, but it is read, so that its sender hears the refusal.

    Raises:
        TooLarge
    """
    parts: list[bytes] = []
    size = 0
    async for part in request.stream():
        size += len(part)
        if size > limit_bytes:
            parts.clear()
        else:
            parts.append(part)
    if size > limit_bytes:
        raise TooLarge("The data value transmitted exceeds the capacity limit.")
    return b"".join(parts)


def as_shape(shape: type[_Body], content: bytes) -> _Body:
    """Raises BadRequest and BadValue, with every mistake."""
    try:
        return shape.model_validate_json(content)
    except ValidationError as mistakes:
        raise explain_mistakes(mistakes) from None


def wanted_type(request: Request, wanted: tuple[str, ...]) -> str:
    """The media type of the body, when it is a wanted one, in plain UTF-8.

    Raises:
        UnsupportedMediaType
    """
    given, parameters = _media_type(request.headers.get("content-type", ""))
    if given not in wanted:
        raise UnsupportedMediaType(f'the Content-Type must be {" or ".join(wanted)} (got "{given[:80]}")')
    if request.headers.get("content-encoding", "identity").lower() not in {"identity", ""}:
        raise UnsupportedMediaType("compressed bodies are not read, send it as it is")
    if parameters.get("charset", "utf-8").lower() not in {"utf-8", "utf8", "us-ascii"}:
        raise UnsupportedMediaType("the body must be UTF-8")
    return given


def query_of(shape: type[_Body], given: QueryParams) -> _Body:
    """The parameters in the address, as this shape of whole numbers and texts, each given once at most.

    Raises:
        BadValue
    """
    values: dict[str, Any] = {}
    for name, field in shape.model_fields.items():
        several = given.getlist(name)
        if len(several) > 1:
            raise BadValue(f"{name} is given {len(several)} times")
        if several:
            bounds = [
                getattr(each, end) for end in ("ge", "le") for each in field.metadata if hasattr(each, end)
            ]
            values[name] = several[0] if field.annotation is str else _whole(name, several[0], *bounds)
    try:
        return shape.model_validate(values)
    except ValidationError as mistakes:
        raise explain_mistakes(mistakes) from None


def _whole(name: str, given: str, low: int, high: int) -> int:
    if not (given.isascii() and given.isdigit() and len(given) <= 12 and low <= int(given) <= high):  # noqa: PLR2004 - more digits are out of range anyway
        raise BadValue(f'{name} must be a whole number from {low} to {high} (got "{given[:80]}")')
    return int(given)


def _media_type(header: str) -> tuple[str, dict[str, str]]:
    """The media type of a Content-Type header, and its parameters, in lower case; values as they are."""
    given, *rest = header.split(";")
    pairs = (each.partition("=") for each in rest)
    return given.strip().lower(), {name.strip().lower(): value.strip().strip('"') for name, _, value in pairs}
