"""Words of the routes about themselves, besides their types, and the whole document for OpenAPI 3.1."""

from __future__ import annotations

from importlib.metadata import version
from typing import Annotated, Any

from fastapi import FastAPI, Path
from fastapi.openapi.utils import get_openapi

from engine.web.error_bodies import ErrorBody

Name = Annotated[str, Path(min_length=1, description="The name of a knowledge base.")]
EntryId = Annotated[str, Path(min_length=1)]
WordingId = Annotated[str, Path(min_length=1)]

OPEN: dict[str, Any] = {"security": []}
"""Of a route that asks for no token."""

_ERRORS = {
    400: "The body cannot be read at all.",
    401: "The token is missing or wrong.",
    403: "There is no token, and a web page may have sent this, or it is given to none without one.",
    404: "No such knowledge base or entry.",
    409: "The entry is another source's or was changed, a wording is taken, no snapshot is coming, what is"
    " served is older than wanted, or this engine follows another, which takes changes.",
    410: "The snapshot that was asked for is not served any more.",
    413: "The body is too large.",
    415: "The body is of a kind that is not read here.",
    422: "A value is wrong; the message names it.",
    429: "Too many are waiting already; see Retry-After.",
    503: "Not now: the message says why.",
}
_OF_FASTAPI = ("HTTPValidationError", "ValidationError")


def refuses(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """The refusals that a route may answer with, beside those of the door."""
    return {status: {"model": ErrorBody, "description": _ERRORS[status]} for status in (401, 403, *statuses)}


def describe(app: FastAPI, *, token_needed: bool) -> dict[str, Any]:
    """The document, made from the routes and the models that read and write their bodies."""
    document = get_openapi(title="kbdial engine", version=version("kbdial"), routes=app.routes)
    components = document["components"]
    for item in document["paths"].values():
        for operation in item.values():
            _leave_out_foreign_refusals(operation["responses"])
    for name in _OF_FASTAPI:
        components["schemas"].pop(name, None)
    if token_needed:
        components["securitySchemes"] = {"token": {"type": "http", "scheme": "bearer"}}
        document["security"] = [{"token": []}]
    return document


def _leave_out_foreign_refusals(responses: dict[str, Any]) -> None:
    # FastAPI adds its own refusal to each route with parameters, which is never sent here.
    if "HTTPValidationError" in str(responses.get("422", "")):
        del responses["422"]
