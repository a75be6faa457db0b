"""The Flask application: the routes that everybody may see, and what holds for all routes."""

from __future__ import annotations

import hmac
import logging
import re
from collections.abc import Collection, Mapping
from http import HTTPStatus
from typing import Any

from flask import Flask, Response, request
from werkzeug.exceptions import HTTPException

from engine.catalog import Catalog, Unready
from engine.domain import STATUS, EngineError, FolderUnusable
from engine.metrics import Metrics
from engine.teaching import Teaching
from engine.trial import Trials
from engine.web import browsers, openapi
from engine.web.analysis import analysis_routes
from engine.web.bodies import NotReadyBody, ReadyBody
from engine.web.embeddings import embeddings_routes
from engine.web.reading import as_json
from engine.web.routes import knowledge_routes
from engine.web.teaching import teaching_routes

BODY_LIMIT_BYTES = 1 << 20
RETRY_AFTER_SECONDS = 1

_OPEN = frozenset({"healthz", "readyz", "openapi"})
_BEARER = re.compile(r"Bearer +(\S+)", re.IGNORECASE)
_log = logging.getLogger(__name__)


def application(
    catalog: Catalog,
    teaching: Teaching,
    trials: Trials,
    metrics: Metrics,
    *,
    token: str = "",
    hosts: Collection[str] = (),
) -> Flask:
    """All routes. All but `/healthz`, `/readyz` and `/openapi.json` ask for the token.

    Without a token they refuse what a web page may have sent; `hosts` are names of this engine.
    """
    app = Flask(__name__, static_folder=None)
    app.config["MAX_CONTENT_LENGTH"] = BODY_LIMIT_BYTES
    app.url_map.merge_slashes = False
    app.register_blueprint(knowledge_routes(catalog, teaching, metrics))
    app.register_blueprint(teaching_routes(teaching, trials))
    app.register_blueprint(analysis_routes(catalog.batcher))
    app.register_blueprint(embeddings_routes(catalog.batcher))

    @app.get("/healthz")
    def healthz() -> Response:
        return as_json({"alive": True})

    @app.get("/readyz")
    def readyz() -> Response:
        readiness = catalog.readiness()
        if isinstance(readiness, Unready):
            return as_json(NotReadyBody.model_validate(readiness), 503)
        return as_json(ReadyBody.model_validate(readiness))

    @app.get("/metrics")
    def numbers() -> Response:
        return Response(metrics.page(), content_type="text/plain; version=0.0.4; charset=utf-8")

    @app.get("/openapi.json", endpoint="openapi")
    def describe() -> Response:
        return as_json(openapi.document(token_needed=bool(token)))

    @app.before_request
    def authorise() -> Response | None:
        if request.endpoint in _OPEN:
            return None
        if not token:
            why = browsers.refusal(request.method, dict(request.headers), hosts)
            return _error("forbidden", why) if why else None
        given = _BEARER.fullmatch(request.headers.get("Authorization", ""))
        if given and hmac.compare_digest(given[1].encode(), token.encode()):
            return None
        _log.warning("token refused", extra={"route": str(request.url_rule)})
        refusal = _error("unauthorized", "this engine wants its token: Authorization: Bearer TOKEN")
        refusal.headers["WWW-Authenticate"] = "Bearer"
        return refusal

    @app.before_request
    def look_at_folder() -> None:
        if _writes() and (problem := catalog.folder.problem()):
            raise FolderUnusable(problem)

    @app.after_request
    def look_again(response: Response) -> Response:
        """What was written into a folder that was taken away meanwhile must not be acknowledged."""
        if _writes() and response.status_code < HTTPStatus.BAD_REQUEST:
            problem = catalog.folder.problem()
            return _error(FolderUnusable.code, problem) if problem else response
        return response

    @app.after_request
    def count(response: Response) -> Response:
        route = str(request.url_rule) if request.url_rule else "none"
        metrics.requests.labels(route, response.status_code).inc()
        response.headers["X-Content-Type-Options"] = "nosniff"
        response.headers["Cache-Control"] = "no-store"
        return response

    @app.errorhandler(EngineError)
    def told(problem: EngineError) -> Response:
        response = _error(problem.code, problem.message, details=problem.details)
        if response.status_code in {HTTPStatus.TOO_MANY_REQUESTS, HTTPStatus.SERVICE_UNAVAILABLE}:
            response.headers["Retry-After"] = str(RETRY_AFTER_SECONDS)
        return response

    @app.errorhandler(HTTPException)
    def refused(problem: HTTPException) -> Response:
        status = problem.code or 500
        code = next((code for code, each in STATUS.items() if each == status), "bad_request")
        says = "there is no such route" if status == HTTPStatus.NOT_FOUND else problem.description
        response = _error(code, says or HTTPStatus(status).phrase, status)
        if status == HTTPStatus.METHOD_NOT_ALLOWED:
            response.headers["Allow"] = ", ".join(sorted(getattr(problem, "valid_methods", None) or ()))
        return response

    @app.errorhandler(Exception)
    def broke(_problem: Exception) -> Response:
        _log.exception("request broke", extra={"route": str(request.url_rule)})
        return _error("failed", "something broke inside the engine; its log says what")

    return app


def _error(
    code: str, message: str, status: int | None = None, *, details: Mapping[str, Any] | None = None
) -> Response:
    body: dict[str, Any] = {"code": code, "message": message}
    return as_json({"error": {**body, "details": dict(details)} if details else body}, status or STATUS[code])


def _writes() -> bool:
    return request.method not in {"GET", "HEAD", "OPTIONS"} and "/knowledge-bases/" in request.path
