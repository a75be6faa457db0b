"""The knowledge bases as people ask about them: readiness, state, entries, answers.

Puts together what snapshot stores, refresher, model and managed source know, each by itself. Gives
domain values; how they look over HTTP is `engine.web`'s work.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Literal

from engine.config import KnowledgeBase
from engine.domain import (
    Added,
    Entry,
    FailedSource,
    ForeignEntry,
    NoSnapshot,
    NotReady,
    Query,
    Refresh,
    RolledBack,
    UnknownEntry,
    UnknownKnowledgeBase,
)
from engine.encoder.batcher import Batcher
from engine.follower.follower import Follower
from engine.follower.publication import Publication
from engine.refresh.refresher import Refresher
from engine.refresh.vectors import Progress
from engine.search import Answerable, Searcher, scale_of
from engine.source import MANAGED, ManagedSource
from engine.source.origin import label
from engine.storage.data_folder import DataFolder
from engine.storage.snapshot_store import SnapshotStore


@dataclass(frozen=True, slots=True)
class Ready:
    """The model is loaded and there is something to answer from."""

    model: str
    device: str
    warnings: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Unready:
    """Waiting helps while the model is "loading" or entries are "embedding", not when it "failed"."""

    state: Literal["loading", "embedding", "failed"]
    reason: str
    progress: Progress | None = None


@dataclass(frozen=True, slots=True)
class KnowledgeBaseState:
    """A knowledge base as it is now. `refreshes` are the last ones, newest first.

    `sources` are as people call them, without secrets; `failed_sources` those that failed in the last
    refresh that has ended. `dimension` is 0, and `device`
    and `fingerprint` are empty, while no model is known.
    """

    name: str
    size: int
    model: str
    fingerprint: str
    dimension: int
    device: str
    snapshot: str | None
    snapshot_number: int
    snapshot_at: datetime | None
    threshold: float | None
    instruction: str
    refresh: str
    sources: tuple[str, ...]
    refreshing: bool
    progress: Progress | None
    next_refresh: datetime | None
    rolled_back: RolledBack | None
    failed_sources: tuple[FailedSource, ...]
    refreshes: tuple[Refresh, ...]

    @property
    def last_refresh(self) -> Refresh | None:
        return self.refreshes[0] if self.refreshes else None


@dataclass(frozen=True, slots=True)
class RollbackDone:
    """The snapshot served from now on, and what it was gone back from."""

    snapshot: str
    snapshot_at: datetime
    from_snapshot: str


@dataclass(frozen=True)
class Catalog:
    """The knowledge bases of one engine, by name; one with a `follower` has them from a publisher."""

    knowledge_bases: Mapping[str, KnowledgeBase]
    snapshot_stores: Mapping[str, SnapshotStore]
    batcher: Batcher
    searcher: Searcher
    refresher: Refresher
    managed: ManagedSource
    folder: DataFolder
    next_run: Callable[[str], datetime | None]
    model_name: str
    follower: Follower | None = None

    def check_name(self, name: str) -> str:
        """This name, when it is one.

        Raises:
            UnknownKnowledgeBase
        """
        if name not in self.knowledge_bases:
            raise UnknownKnowledgeBase(f'there is no knowledge base "{name}"')
        return name

    def readiness(self) -> Ready | Unready:
        """The readiness: the model is loaded, and there is something to answer from.

        On an empty folder that is when the first refreshes have ended. One knowledge base
        among others that has nothing yet is a warning.
        """
        if self.follower:
            return self._readiness_of(self.follower)
        if problem := self.folder.problem():
            return Unready("failed", problem)
        state, reason = self.batcher.state
        if state != "ready" or self.refresher.missing_at_start is None:
            return Unready(
                "loading" if state in {"loading", "ready"} else "failed",
                reason or "the snapshots are being looked at",
            )
        missing = {name: problem for name in self.knowledge_bases if (problem := self._problem(name))}
        away = {name: problem for name in self.knowledge_bases if (problem := self._index_problem(name))}
        if away and missing.keys() | away.keys() == self.knowledge_bases.keys():
            return Unready("loading", "; ".join(dict.fromkeys([*away.values(), *missing.values()])))
        is_first_start = len(self.refresher.missing_at_start) == len(self.knowledge_bases)
        is_coming = any(self._is_coming(name) for name in missing)
        if len(missing) == len(self.knowledge_bases) or (is_first_start and is_coming):
            progress = next(filter(None, map(self.refresher.progress, missing)), None)
            return Unready("embedding" if is_coming else "failed", "; ".join(missing.values()), progress)
        trouble = [self.batcher.trouble] if self.batcher.trouble else []
        warnings = (*missing.values(), *dict.fromkeys(away.values()), *trouble, *self._damage())
        return Ready(self.batcher.identity.name, self.batcher.device, warnings)

    def _readiness_of(self, follower: Follower) -> Ready | Unready:
        """The readiness of a follower, which needs no disk, but snapshots, and none too old."""
        state, reason = self.batcher.state
        if state != "ready":
            return Unready("loading" if state == "loading" else "failed", reason)
        if reasons := (*follower.missing(), *follower.late()):
            return Unready("loading", "; ".join(reasons))
        warnings = (*follower.problems(), *self._damage(), *filter(None, [self.folder.problem()]))
        return Ready(self.batcher.identity.name, self.batcher.device, warnings)

    def publication(self, name: str) -> Publication:
        """The publication of the snapshot that is served, for followers.

        Raises:
            UnknownKnowledgeBase
            NoSnapshot, NotReady: nothing is; the first when no snapshot is coming either.
            SnapshotDamaged: its files were taken away.
        """
        base, snapshots = self.knowledge_bases[self.check_name(name)], self.snapshot_stores[name]
        served = snapshots.current
        if served is None:
            problem = f'knowledge base "{name}" has no snapshot yet'
            raise NotReady(problem) if self._is_coming(name) else NoSnapshot(problem)
        return Publication(
            snapshot=served.id,
            number=served.number,
            checked_at=served.checked_at,
            model=served.model,
            fingerprint=scale_of(served.model.fingerprint, base),
            threshold=base.threshold,
            files=snapshots.files_of(served.id),
        )

    def published_file(self, name: str, snapshot: str, file: str) -> Path:
        """The path of a file of a publication.

        Raises:
            UnknownKnowledgeBase, SnapshotGone, SnapshotDamaged
        """
        return self.snapshot_stores[self.check_name(name)].path_of(snapshot, file)

    def describe(self, name: str) -> KnowledgeBaseState:
        """The state of one knowledge base.

        Raises:
            UnknownKnowledgeBase
        """
        base, snapshots = self.knowledge_bases[self.check_name(name)], self.snapshot_stores[name]
        snapshot = snapshots.current
        refreshes = self.refresher.recent(name)
        is_loaded = self.batcher.state[0] == "ready"
        identity = snapshot.model if snapshot else self.batcher.identity if is_loaded else None
        return KnowledgeBaseState(
            name=name,
            size=snapshot.size if snapshot else 0,
            model=identity.name if identity else self.model_name,
            fingerprint=scale_of(identity.fingerprint, base) if identity else "",
            dimension=identity.dimension if identity else 0,
            device=self.batcher.device if is_loaded else "",
            snapshot=snapshot.id if snapshot else None,
            snapshot_number=snapshot.number if snapshot else 0,
            snapshot_at=snapshot.checked_at if snapshot else None,
            threshold=base.threshold,
            instruction=base.instruction,
            refresh=base.refresh,
            sources=tuple(map(label, base.sources)),
            refreshing=any(each.state in {"waiting", "running"} for each in refreshes),
            progress=self.refresher.progress(name),
            next_refresh=self.next_run(name),
            rolled_back=snapshots.rolled_back,
            failed_sources=self.failed_sources(name),
            refreshes=refreshes,
        )

    def failed_sources(self, name: str) -> tuple[FailedSource, ...]:
        """The failed sources of the last refresh that has ended."""
        return next((each.failed_sources for each in self.refresher.recent(name) if each.finished), ())

    def entries(self, name: str, offset: int, limit: int) -> tuple[list[Entry], int]:
        """A page of the snapshot's entries, and the number of all.

        The managed entries are as they are this moment, and the last; a follower has no others than those
        of its snapshot.
        """
        snapshot = self.snapshot_stores[self.check_name(name)].current
        left_out = "" if self.follower else MANAGED
        rows = snapshot.entries.rows_not_from(left_out).tolist() if snapshot else []
        own = self.managed.entries(name)
        page = [snapshot.entries[row] for row in rows[offset : offset + limit]] if snapshot else []
        first = max(0, offset - len(rows))
        return [*page, *own[first : first + limit - len(page)]], len(rows) + len(own)

    def remove(self, name: str, entry_id: str) -> None:
        """Take a managed entry away.

        Raises:
            UnknownEntry, ForeignEntry
        """
        if self.managed.remove(self.check_name(name), entry_id):
            self.refresher.request_managed(name)
            return
        snapshot = self.snapshot_stores[name].current
        row = snapshot.entries.row_of(entry_id) if snapshot else None
        if snapshot and row is not None and (source := snapshot.entries[row].source) != MANAGED:
            raise ForeignEntry(f'entry "{entry_id}" comes from {source}, remove it there')
        raise UnknownEntry(f'knowledge base "{name}" has no entry "{entry_id}"')

    def add(self, name: str, content: bytes, media_type: str) -> tuple[Added, str]:
        """Add a list to the managed entries; with the id of the refresh after which they are found.

        Raises:
            UnknownKnowledgeBase, BadValue, SourceError
        """
        added = self.managed.add(self.check_name(name), content, media_type)
        return added, self.refresher.request_managed(name)

    def refresh(self, name: str, *, confirmed: bool = False) -> str:
        """Ask for a refresh by hand; its id.

        Raises:
            UnknownKnowledgeBase
        """
        return self.refresher.request(self.check_name(name), confirmed=confirmed, by_hand=True)

    def roll_back(self, name: str) -> RollbackDone:
        """Serve the snapshot before again; raises what the refresher's `roll_back` raises."""
        served, note = self.refresher.roll_back(self.check_name(name))
        return RollbackDone(served.id, served.checked_at, note.snapshot)

    async def search_soon(self, query: Query) -> Answerable:
        """Search, but tell "not yet" from "not until somebody mends the source".

        Raises:
            NoSnapshot, and what the searcher raises.
        """
        try:
            return await self.searcher.search_soon(query)
        except NotReady:
            name = query.knowledge_base
            if (
                self.batcher.state[0] != "ready"
                or self._is_coming(name)
                or not (problem := self._problem(name))
            ):
                raise
            raise NoSnapshot(problem) from None

    def _problem(self, name: str) -> str:
        """The reason this knowledge base cannot be asked, as a sentence; empty when it can."""
        try:
            self.searcher.snapshot_of(name)
        except NotReady as problem:
            return f"{problem.message}: {self._refresh_in_words(name)}"
        return ""

    def _index_problem(self, name: str) -> str:
        """The reason its index cannot be searched now; empty when it can, or when there is no snapshot."""
        snapshot = self.snapshot_stores[name].current
        return snapshot.problem() if snapshot else ""

    def _refresh_in_words(self, name: str) -> str:
        last = next(iter(self.refresher.recent(name)), None)
        if last and last.state == "failed":
            return f"the last refresh failed: {last.error}"
        progress = self.refresher.progress(name)
        return f"{progress.done} of {progress.total} embedded" if progress else "a refresh is coming"

    def _is_coming(self, name: str) -> bool:
        last = next(iter(self.refresher.recent(name)), None)
        return last is None or last.state != "failed"

    def _damage(self) -> list[str]:
        return [
            f'a stored snapshot of "{name}" is damaged, the one before is served'
            for name, snapshots in self.snapshot_stores.items()
            if snapshots.damaged
        ]
