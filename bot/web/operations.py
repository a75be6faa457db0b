"""Routes for operators and their tools: is it alive, is it ready, what has it counted, what is there."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from flask import Blueprint, Response, jsonify
from prometheus_client import CONTENT_TYPE_LATEST

from bot.metrics import Metrics
from bot.web import openapi
from bot.web.clock_skew import ClockWatch


def blueprint(
    *,
    reasons_not_ready: Callable[[], list[str]],
    engine_is_away: Callable[[], bool],
    clock: ClockWatch,
    metrics: Metrics,
    paths: Mapping[str, openapi.Schema],
) -> Blueprint:
    """`paths` are those of the platforms in the OpenAPI document."""
    routes = Blueprint("operations", __name__)

    @routes.get("/healthz")
    def healthz() -> Response:
        return jsonify(alive=True, clock=clock.warning() or "ok")

    @routes.get("/readyz")
    def readyz() -> tuple[Response, int]:
        # A missing engine does not make us unready: messages are kept and answered later.
        reasons = reasons_not_ready()
        engine = "away" if engine_is_away() else "ok"
        return jsonify(ready=not reasons, reasons=reasons, engine=engine), 503 if reasons else 200

    @routes.get("/metrics")
    def numbers() -> Response:
        return Response(metrics.text(), content_type=CONTENT_TYPE_LATEST)

    @routes.get("/openapi.json", endpoint="openapi")
    def describe() -> Response:
        return jsonify(openapi.document(paths))

    return routes
