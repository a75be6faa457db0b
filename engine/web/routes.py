"""The routes about knowledge: search, knowledge bases, refresh, entries."""

from __future__ import annotations

import time
from typing import Annotated, Any

from fastapi import FastAPI, Query
from starlette.requests import Request

from engine.catalog import Catalog
from engine.domain import BadValue
from engine.metrics import Metrics
from engine.search import Answerable
from engine.source.kinds import POSTED
from engine.teaching import Teaching
from engine.web.bodies import (
    AddedBody,
    EntriesBody,
    EntriesQuery,
    EntryBody,
    KnowledgeBaseBody,
    KnowledgeBasesBody,
    RefreshAccepted,
    RefreshRequest,
    RollbackDoneBody,
    SearchRequest,
    SearchResponse,
)
from engine.web.openapi import EntryId, Name, refuses
from engine.web.reading import read_body, wanted_type
from engine.web.workers import Workers

LIST_LIMIT_BYTES = 8 << 20
LIST_TYPES = tuple(POSTED)
# A page of so many rows takes the event loop about as long as ten questions.
_WRITTEN_AT_ONCE = 200

_ONE = "/v1/knowledge-bases/{name}"
_AS_SCHEDULED = RefreshRequest()
_LIST = {"type": "string", "minLength": 1, "pattern": "[A-Za-z0-9]"}
_LIST_BODY: dict[str, Any] = {
    "requestBody": {
        "required": True,
        "content": {
            **{media_type: {"schema": _LIST} for media_type in POSTED},
            "text/plain": {"schema": _LIST, "example": "Where are you? => In Berlin."},
        },
    }
}


def add_search_route(app: FastAPI, catalog: Catalog, metrics: Metrics, workers: Workers) -> None:
    """The question itself."""

    @app.post(
        "/v1/search",
        operation_id="search",
        summary="Every entry at or above the threshold, best first.",
        responses=refuses(400, 404, 409, 410, 413, 415, 422, 429, 503),
    )
    async def search(asked: SearchRequest) -> SearchResponse:
        began = time.perf_counter()
        found = await catalog.search_soon(asked.as_query())
        if found.size > _WRITTEN_AT_ONCE:
            return await workers.run(lambda: write(found, began))
        return write(found, began)

    def write(found: Answerable, began: float) -> SearchResponse:
        answer = found.answer()
        seconds = time.perf_counter() - began
        metrics.search_seconds.labels(answer.knowledge_base).observe(seconds)
        return SearchResponse.of(answer, round(seconds * 1000, 3))


def add_knowledge_routes(app: FastAPI, catalog: Catalog, teaching: Teaching, workers: Workers) -> None:
    """Add the routes of knowledge bases: what there is, where it comes from, and what people add to it."""

    @app.get(
        "/v1/knowledge-bases",
        operation_id="list_knowledge_bases",
        summary="All of them.",
        responses=refuses(),
    )
    def knowledge_bases() -> KnowledgeBasesBody:
        return KnowledgeBasesBody(knowledge_bases=[_describe(name) for name in catalog.knowledge_bases])

    @app.get(_ONE, operation_id="show_knowledge_base", summary="One of them.", responses=refuses(404))
    def knowledge_base(name: Name) -> KnowledgeBaseBody:
        return _describe(name)

    def _describe(name: str) -> KnowledgeBaseBody:
        return KnowledgeBaseBody.model_validate(catalog.describe(name))

    @app.post(
        f"{_ONE}/refresh",
        operation_id="refresh",
        summary="Read the sources again, soon; joins the refresh that waits or runs.",
        responses=refuses(400, 404, 413, 415, 422, 503),
        status_code=202,
    )
    def refresh(name: Name, asked: RefreshRequest = _AS_SCHEDULED) -> RefreshAccepted:
        return RefreshAccepted(refresh=catalog.refresh(name, confirmed=asked.confirm))

    @app.post(
        f"{_ONE}/rollback",
        operation_id="rollback",
        summary="Serve the snapshot before again, until a source changes or a refresh is asked for.",
        responses=refuses(404, 409, 503),
    )
    def rollback(name: Name) -> RollbackDoneBody:
        return RollbackDoneBody.model_validate(catalog.roll_back(name))

    @app.get(
        f"{_ONE}/entries",
        operation_id="list_entries",
        summary="What is served, and the managed entries as they are this moment.",
        responses=refuses(404, 422, 503),
    )
    def entries(name: Name, wanted: Annotated[EntriesQuery, Query()]) -> EntriesBody:
        if find := wanted.find.strip():
            page, total = teaching.find(name, find, wanted.offset, wanted.limit)
        else:
            page, total = catalog.entries(name, wanted.offset, wanted.limit)
        return EntriesBody(entries=list(map(EntryBody.model_validate, page)), total=total)

    @app.post(
        f"{_ONE}/entries",
        operation_id="add_entries",
        summary="Add a list to the managed entries, one a line.",
        responses=refuses(404, 413, 415, 422, 503),
        status_code=201,
        openapi_extra=_LIST_BODY,
    )
    async def add(name: Name, request: Request) -> AddedBody:
        catalog.check_name(name)
        media_type = wanted_type(request, LIST_TYPES)
        content = await read_body(request, LIST_LIMIT_BYTES)
        if not content.strip():
            raise BadValue("the body is empty; wanted one entry a line")
        return AddedBody.of(*await workers.run_writing(lambda: catalog.add(name, content, media_type)))

    @app.delete(
        f"{_ONE}/entries/{{entry_id:path}}",
        operation_id="remove_entry",
        summary="Take a managed entry away.",
        responses=refuses(404, 409, 503),
        status_code=204,
    )
    def remove(name: Name, entry_id: EntryId) -> None:
        catalog.remove(name, entry_id)
