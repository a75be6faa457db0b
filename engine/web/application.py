"""The ASGI application: the routes that everybody may see, and what holds for all routes."""

from __future__ import annotations

from collections.abc import Collection

from fastapi import FastAPI
from pydantic import BaseModel
from starlette.exceptions import HTTPException
from starlette.responses import PlainTextResponse, Response

from engine.catalog import Catalog, Unready
from engine.domain import EngineError
from engine.metrics import Metrics
from engine.teaching import Teaching
from engine.trial import Trials
from engine.web import openapi
from engine.web.analysis import add_analysis_routes
from engine.web.bodies import NotReadyBody, ReadyBody
from engine.web.embeddings import add_embeddings_routes
from engine.web.gate import Gate
from engine.web.publishing import add_publishing_routes
from engine.web.reading import as_json
from engine.web.refusals import refuse_route, refuse_with_reason
from engine.web.route import ContractRoute
from engine.web.routes import add_knowledge_routes, add_search_route
from engine.web.teaching import add_teaching_routes
from engine.web.workers import Workers


class AliveBody(BaseModel):
    alive: bool = True


def application(
    catalog: Catalog,
    teaching: Teaching,
    trials: Trials,
    metrics: Metrics,
    workers: Workers,
    *,
    token: str = "",
    hosts: Collection[str] = (),
) -> FastAPI:
    """All routes behind the gate. Their order is that in which they are tried: questions come most.

    Of a follower, those that would change a knowledge base refuse, and name its publisher.
    """
    app = FastAPI(openapi_url=None, docs_url=None, redoc_url=None, redirect_slashes=False)
    app.router.route_class = ContractRoute
    app.state.workers = workers
    app.state.publisher = catalog.follower.url if catalog.follower else ""
    app.add_middleware(Gate, metrics=metrics, token=token, hosts=hosts)
    app.add_exception_handler(EngineError, refuse_with_reason)
    app.add_exception_handler(HTTPException, refuse_route)
    add_search_route(app, catalog, metrics, workers)
    _add_open_routes(app, catalog, metrics, token_needed=bool(token))
    add_teaching_routes(app, teaching, trials)  # before those of which its paths would be entries, too
    add_knowledge_routes(app, catalog, teaching, workers)
    add_publishing_routes(app, catalog, has_token=bool(token))
    add_analysis_routes(app, catalog.batcher, workers)
    add_embeddings_routes(app, catalog.batcher)
    return app


def _add_open_routes(app: FastAPI, catalog: Catalog, metrics: Metrics, *, token_needed: bool) -> None:
    @app.get("/healthz", operation_id="healthz", summary="Alive.", openapi_extra=openapi.OPEN)
    async def healthz() -> AliveBody:
        return AliveBody()

    @app.get(
        "/readyz",
        operation_id="readyz",
        summary="Ready, or why not.",
        responses={503: {"model": NotReadyBody, "description": "Not yet, or not at all."}},
        openapi_extra=openapi.OPEN,
        response_model=ReadyBody,
    )
    def readyz() -> BaseModel | Response:
        readiness = catalog.readiness()
        if isinstance(readiness, Unready):
            return as_json(NotReadyBody.model_validate(readiness), 503)
        return ReadyBody.model_validate(readiness)

    @app.get(
        "/metrics",
        operation_id="metrics",
        summary="For Prometheus.",
        responses=openapi.refuses(),
        response_class=PlainTextResponse,
    )
    def numbers() -> Response:
        return Response(metrics.page(), headers={"Content-Type": "text/plain; version=0.0.4; charset=utf-8"})

    @app.get("/openapi.json", include_in_schema=False)
    def describe() -> Response:
        return as_json(openapi.describe(app, token_needed=token_needed))
