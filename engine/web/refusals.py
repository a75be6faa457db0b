"""Refusals in the words of the contract: `{"error": {"code", "message"}}` with the status of the code."""

from __future__ import annotations

from collections.abc import Mapping
from http import HTTPStatus
from typing import Any

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Match, Route

from engine.domain import STATUS, EngineError
from engine.web.reading import as_json

RETRY_AFTER_SECONDS = 1


def refusal(
    code: str, message: str, status: int | None = None, *, details: Mapping[str, Any] | None = None
) -> Response:
    body: dict[str, Any] = {"code": code, "message": message}
    return as_json({"error": {**body, "details": dict(details)} if details else body}, status or STATUS[code])


def code_of(status: int) -> str:
    """The code of what is refused with this status alone."""
    return next((code for code, each in STATUS.items() if each == status), "bad_request")


async def refuse_with_reason(_request: Request, problem: Exception) -> Response:
    """An answer to what the engine itself refuses."""
    if not isinstance(problem, EngineError):
        raise problem
    response = refusal(problem.code, problem.message, details=problem.details)
    if response.status_code in {HTTPStatus.TOO_MANY_REQUESTS, HTTPStatus.SERVICE_UNAVAILABLE}:
        response.headers["Retry-After"] = str(RETRY_AFTER_SECONDS)
    return response


async def refuse_route(request: Request, problem: Exception) -> Response:
    """An answer where there is no such route, or no such method of it."""
    if not isinstance(problem, HTTPException):
        raise problem
    status = problem.status_code
    if status == HTTPStatus.NOT_FOUND:
        return refusal("not_found", "there is no such route")
    if status != HTTPStatus.METHOD_NOT_ALLOWED:
        return refusal(code_of(status), str(problem.detail), status)
    if request.method == "OPTIONS":
        response = Response()
    else:
        response = refusal("method_not_allowed", "The method is not allowed for the requested URL.")
    response.headers["Allow"] = ", ".join(sorted(_methods_at(request)))
    return response


def _methods_at(request: Request) -> set[str]:
    """All methods of all routes that this path is of."""
    methods = {"OPTIONS"}
    for route in request.app.routes:
        if isinstance(route, Route) and route.matches(request.scope)[0] is not Match.NONE:
            methods |= route.methods or set()
    return methods | {"HEAD"} if "GET" in methods else methods
