"""The routes about knowledge: search, knowledge bases, refresh, entries."""

from __future__ import annotations

import time

from flask import Blueprint, Response, request

from engine.catalog import Catalog
from engine.domain import BadValue
from engine.metrics import Metrics
from engine.source.kinds import POSTED
from engine.teaching import Teaching
from engine.web.bodies import (
    AddedBody,
    EntriesBody,
    EntryBody,
    KnowledgeBaseBody,
    KnowledgeBasesBody,
    RefreshAccepted,
    RefreshRequest,
    RollbackDoneBody,
    SearchRequest,
    SearchResponse,
)
from engine.web.reading import as_json, as_shape, json_body, wanted_type, whole_number

LIST_LIMIT_BYTES = 8 << 20
LIST_TYPES = tuple(POSTED)
ENTRIES_SHOWN = 100
ENTRIES_MOST = 1000
_LARGEST_OFFSET = 10_000_000
_LONGEST_FIND = 200


def knowledge_routes(catalog: Catalog, teaching: Teaching, metrics: Metrics) -> Blueprint:
    """The routes below /v1."""
    routes = Blueprint("knowledge", __name__, url_prefix="/v1")

    @routes.post("/search")
    def search() -> Response:
        began = time.perf_counter()
        question = json_body(SearchRequest)
        answer = catalog.search(question.as_query())
        seconds = time.perf_counter() - began
        metrics.search_seconds.labels(answer.knowledge_base).observe(seconds)
        return as_json(SearchResponse.of(answer, round(seconds * 1000, 3)))

    @routes.get("/knowledge-bases")
    def knowledge_bases() -> Response:
        return as_json(
            KnowledgeBasesBody(knowledge_bases=[_describe(name) for name in catalog.knowledge_bases])
        )

    @routes.get("/knowledge-bases/<name>")
    def knowledge_base(name: str) -> Response:
        return as_json(_describe(name))

    def _describe(name: str) -> KnowledgeBaseBody:
        return KnowledgeBaseBody.model_validate(catalog.describe(name))

    @routes.post("/knowledge-bases/<name>/refresh")
    def refresh(name: str) -> Response:
        content = request.get_data().strip()
        if content:
            wanted_type(("application/json",))
        confirmed = as_shape(RefreshRequest, content or b"{}").confirm
        return as_json(RefreshAccepted(refresh=catalog.refresh(name, confirmed=confirmed)), 202)

    @routes.post("/knowledge-bases/<name>/rollback")
    def rollback(name: str) -> Response:
        return as_json(RollbackDoneBody.model_validate(catalog.roll_back(name)))

    @routes.get("/knowledge-bases/<name>/entries")
    def entries(name: str) -> Response:
        limit = whole_number("limit", ENTRIES_SHOWN, 1, ENTRIES_MOST)
        offset = whole_number("offset", 0, 0, _LARGEST_OFFSET)
        wanted = request.args.get("find", "").strip()
        if len(wanted) > _LONGEST_FIND:
            raise BadValue(f"find has at most {_LONGEST_FIND} characters")
        if wanted:
            page, total = teaching.find(name, wanted, offset, limit)
        else:
            page, total = catalog.entries(name, offset, limit)
        return as_json(EntriesBody(entries=list(map(EntryBody.model_validate, page)), total=total))

    @routes.post("/knowledge-bases/<name>/entries")
    def add(name: str) -> Response:
        catalog.known(name)
        media_type = wanted_type(LIST_TYPES)
        request.max_content_length = LIST_LIMIT_BYTES
        content = request.get_data()
        if not content.strip():
            raise BadValue("the body is empty; wanted one entry a line")
        added, refreshed_by = catalog.add(name, content, media_type)
        return as_json(AddedBody.of(added, refreshed_by), 201)

    @routes.delete("/knowledge-bases/<name>/entries/<path:entry_id>")
    def remove(name: str, entry_id: str) -> Response:
        catalog.remove(name, entry_id)
        return Response(status=204)

    return routes
