"""The routes about knowledge: search, knowledge bases, refresh, entries."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from datetime import datetime

from flask import Blueprint, Response, request

from engine.config import KnowledgeBase
from engine.domain import (
    BadValue,
    Entry,
    ForeignEntry,
    NoSnapshot,
    NotReady,
    Query,
    SearchAnswer,
    UnknownEntry,
    UnknownKnowledgeBase,
)
from engine.encoder.batcher import Batcher
from engine.metrics import Metrics
from engine.refresh.refresher import Refresher
from engine.search import Searcher, scale_of
from engine.source import MANAGED, ManagedSource
from engine.storage.snapshot_store import Shelf
from engine.web.bodies import (
    AddedBody,
    DroppedLine,
    EntriesBody,
    EntryBody,
    KnowledgeBaseBody,
    KnowledgeBasesBody,
    NamedText,
    NotReadyBody,
    ProgressBody,
    Ready,
    RefreshAccepted,
    RefreshBody,
    RefreshRequest,
    RollbackDone,
    RolledBackBody,
    SearchRequest,
    SearchResponse,
)
from engine.web.reading import as_shape, json_body, wanted_type, whole_number
from engine.web.replies import as_json

LIST_LIMIT_BYTES = 8 << 20
LIST_TYPES = ("text/plain", "text/csv", "application/x-ndjson", "application/jsonl")
ENTRIES_SHOWN = 100
ENTRIES_MOST = 1000
_LARGEST_OFFSET = 10_000_000


@dataclass(frozen=True)
class Knowledge:
    """Everything the routes ask, and what only they put together."""

    knowledge_bases: Mapping[str, KnowledgeBase]
    shelves: Mapping[str, Shelf]
    batcher: Batcher
    searcher: Searcher
    refresher: Refresher
    managed: ManagedSource
    next_run: Callable[[str], datetime | None]
    model_name: str

    def known(self, name: str) -> str:
        """This name, when it is one.

        Raises:
            UnknownKnowledgeBase
        """
        if name not in self.knowledge_bases:
            raise UnknownKnowledgeBase(f'there is no knowledge base "{name}"')
        return name

    def readiness(self) -> Ready | NotReadyBody:
        """Ready when the model is loaded and there is something to answer from.

        On an empty folder that is when the first refreshes have ended. One knowledge base
        among others that has nothing yet is a warning.
        """
        state, reason = self.batcher.state
        if state != "ready" or self.refresher.missing_at_start is None:
            return NotReadyBody(
                ready=False,
                state="loading" if state in {"loading", "ready"} else "failed",
                reason=reason or "the snapshots are being looked at",
                progress=None,
            )
        missing = {name: problem for name in self.knowledge_bases if (problem := self._problem(name))}
        is_first_start = len(self.refresher.missing_at_start) == len(self.knowledge_bases)
        is_coming = any(self._is_coming(name) for name in missing)
        if len(missing) == len(self.knowledge_bases) or (is_first_start and is_coming):
            progress = next(filter(None, map(self.refresher.progress, missing)), None)
            return NotReadyBody(
                ready=False,
                state="embedding" if is_coming else "failed",
                reason="; ".join(missing.values()),
                progress=ProgressBody(**asdict(progress)) if progress else None,
            )
        return Ready(
            ready=True,
            model=self.batcher.identity.name,
            device=self.batcher.device,
            warnings=[*missing.values(), *self._damaged()],
        )

    def describe(self, name: str) -> KnowledgeBaseBody:
        snapshot = self.shelves[self.known(name)].current
        refreshes = self.refresher.recent(name)
        progress = self.refresher.progress(name)
        rolled_back = self.shelves[name].rolled_back
        loaded = self.batcher.state[0] == "ready"
        identity = snapshot.model if snapshot else self.batcher.identity if loaded else None
        return KnowledgeBaseBody(
            name=name,
            size=snapshot.size if snapshot else 0,
            model=identity.name if identity else self.model_name,
            fingerprint=scale_of(identity.fingerprint, self.knowledge_bases[name]) if identity else "",
            dimension=identity.dimension if identity else 0,
            device=self.batcher.device if loaded else "",
            snapshot=snapshot.id if snapshot else None,
            snapshot_at=snapshot.confirmed if snapshot else None,
            threshold=self.knowledge_bases[name].threshold,
            instruction=self.knowledge_bases[name].instruction,
            refresh=self.knowledge_bases[name].refresh,
            refreshing=any(each.state in {"waiting", "running"} for each in refreshes),
            progress=ProgressBody(**asdict(progress)) if progress else None,
            last_refresh=RefreshBody.of(refreshes[0]) if refreshes else None,
            next_refresh=self.next_run(name),
            rolled_back=RolledBackBody(at=rolled_back.at, from_snapshot=rolled_back.snapshot)
            if rolled_back
            else None,
            failed_sources=next(
                (RefreshBody.of(each).failed_sources for each in refreshes if each.finished), []
            ),
            refreshes=[RefreshBody.of(each) for each in refreshes],
        )

    def entries(self, name: str, offset: int, limit: int) -> tuple[list[Entry], int]:
        """Some of what the snapshot serves, and how many there are of all.

        The managed entries are as they are this moment, and the last.
        """
        snapshot = self.shelves[self.known(name)].current
        rows = snapshot.entries.rows_not_from(MANAGED).tolist() if snapshot else []
        own = self.managed.entries(name)
        page = [snapshot.entries[row] for row in rows[offset : offset + limit]] if snapshot else []
        first = max(0, offset - len(rows))
        return [*page, *own[first : first + limit - len(page)]], len(rows) + len(own)

    def remove(self, name: str, entry_id: str) -> None:
        """Take a managed entry away.

        Raises:
            UnknownEntry, ForeignEntry
        """
        if self.managed.remove(self.known(name), entry_id):
            self.refresher.changed(name)
            return
        snapshot = self.shelves[name].current
        row = snapshot.entries.row_of(entry_id) if snapshot else None
        if snapshot and row is not None and (source := snapshot.entries[row].source) != MANAGED:
            raise ForeignEntry(f'entry "{entry_id}" comes from {source}, remove it there')
        raise UnknownEntry(f'knowledge base "{name}" has no entry "{entry_id}"')

    def roll_back(self, name: str) -> RollbackDone:
        """Serve the snapshot before again; raises what the refresher's `roll_back` raises."""
        served, note = self.refresher.roll_back(self.known(name))
        return RollbackDone(
            snapshot=served.id,
            snapshot_at=served.confirmed,
            from_snapshot=note.snapshot,
            says="Scheduled refreshes keep this snapshot as long as the sources say what they said."
            " It ends when a source changes, or when somebody asks for a refresh.",
        )

    def search(self, query: Query) -> SearchAnswer:
        """As the searcher, but tells "not yet" from "not until somebody mends the source".

        Raises:
            NoSnapshot, and what the searcher raises.
        """
        try:
            return self.searcher.search(query)
        except NotReady:
            name = query.knowledge_base
            if self.batcher.state[0] == "ready" and not self._is_coming(name):
                raise NoSnapshot(self._problem(name)) from None
            raise

    def _problem(self, name: str) -> str:
        """Why this knowledge base cannot be asked; empty when it can."""
        try:
            self.searcher.snapshot_of(name)
        except NotReady as problem:
            return f"{problem.message}: {self._refresh_in_words(name)}"
        return ""

    def _refresh_in_words(self, name: str) -> str:
        last = next(iter(self.refresher.recent(name)), None)
        if last and last.state == "failed":
            return f"the last refresh failed: {last.error}"
        progress = self.refresher.progress(name)
        return f"{progress.done} of {progress.total} embedded" if progress else "a refresh is coming"

    def _is_coming(self, name: str) -> bool:
        last = next(iter(self.refresher.recent(name)), None)
        return last is None or last.state != "failed"

    def _damaged(self) -> list[str]:
        return [
            f'a stored snapshot of "{name}" is damaged, the one before is served'
            for name, shelf in self.shelves.items()
            if shelf.damaged
        ]


def knowledge_routes(knowledge: Knowledge, metrics: Metrics) -> Blueprint:
    """The routes below /v1."""
    routes = Blueprint("knowledge", __name__, url_prefix="/v1")

    @routes.post("/search")
    def search() -> Response:
        began = time.perf_counter()
        question = json_body(SearchRequest)
        answer = knowledge.search(question.as_query())
        seconds = time.perf_counter() - began
        metrics.search_seconds.labels(answer.knowledge_base).observe(seconds)
        return as_json(SearchResponse.of(answer, round(seconds * 1000, 3)))

    @routes.get("/knowledge-bases")
    def knowledge_bases() -> Response:
        return as_json(
            KnowledgeBasesBody(
                knowledge_bases=[knowledge.describe(name) for name in knowledge.knowledge_bases]
            )
        )

    @routes.get("/knowledge-bases/<name>")
    def knowledge_base(name: str) -> Response:
        return as_json(knowledge.describe(name))

    @routes.post("/knowledge-bases/<name>/refresh")
    def refresh(name: str) -> Response:
        confirmed = as_shape(RefreshRequest, request.get_data().strip() or b"{}").confirm
        asked = knowledge.refresher.request(knowledge.known(name), confirmed=confirmed, by_hand=True)
        return as_json(RefreshAccepted(refresh=asked), 202)

    @routes.post("/knowledge-bases/<name>/rollback")
    def rollback(name: str) -> Response:
        return as_json(knowledge.roll_back(name))

    @routes.get("/knowledge-bases/<name>/entries")
    def entries(name: str) -> Response:
        limit = whole_number("limit", ENTRIES_SHOWN, 1, ENTRIES_MOST)
        offset = whole_number("offset", 0, 0, _LARGEST_OFFSET)
        page, total = knowledge.entries(name, offset, limit)
        return as_json(EntriesBody(entries=[EntryBody.of(entry) for entry in page], total=total))

    @routes.post("/knowledge-bases/<name>/entries")
    def add(name: str) -> Response:
        knowledge.known(name)
        media_type = wanted_type(LIST_TYPES)
        request.max_content_length = LIST_LIMIT_BYTES
        content = request.get_data()
        if not content.strip():
            raise BadValue("the body is empty; wanted one entry a line")
        added = knowledge.managed.add(name, content, media_type)
        body = AddedBody(
            added=[NamedText(id=entry.id, text=entry.text) for entry in added.added],
            repeated=[NamedText(id=entry.id, text=entry.text) for entry in added.repeated],
            dropped=[DroppedLine.of(each) for each in added.dropped],
            refresh=knowledge.refresher.changed(name),
        )
        return as_json(body, 201)

    @routes.delete("/knowledge-bases/<name>/entries/<path:entry_id>")
    def remove(name: str, entry_id: str) -> Response:
        knowledge.remove(name, entry_id)
        return Response(status=204)

    return routes
