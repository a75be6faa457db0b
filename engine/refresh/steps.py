"""One refresh of one knowledge base, step by step.

    read ─► diff ─► encode ─► build ─► publish ──► done
      └──────┴─────────┴──► failed  (the snapshot before goes on serving)

What follows the reading is done for one knowledge base at a time. Only texts whose vector is not
known for this very model are embedded.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, replace
from datetime import datetime

from engine.domain import (
    Dropped,
    FailedSource,
    NoSnapshot,
    Refresh,
    RolledBack,
    SourceContents,
    SourceError,
)
from engine.encoder.batcher import Batcher
from engine.index.entry_table import StoredEntries
from engine.index.parts import Parts, parts_of_all
from engine.index.protocol import Index
from engine.index.snapshot import ModelIdentity, PreviousRows, Snapshot
from engine.refresh.vectors import Assembled, Assembly, Progress
from engine.source.contents import KnowledgeBaseSources
from engine.storage.snapshot_store import SnapshotStore

_TELL_SECONDS = 10  # between two lines in the log about one long refresh

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class _Difference:
    """A new reading, to be encoded and built, and the snapshot under this model it is compared with."""

    report: Refresh
    model: ModelIdentity
    current: Snapshot | None
    entries: StoredEntries
    parts: Parts
    dropped: tuple[Dropped, ...]


class RefreshSteps:
    """Safe to use from several threads. `last_failures`: of the last refresh that ended, by name."""

    def __init__(
        self,
        snapshot_stores: Mapping[str, SnapshotStore],
        batcher: Batcher,
        assembly: Assembly,
        contents: Mapping[str, KnowledgeBaseSources],
        *,
        now: Callable[[], datetime],
        indexes: Mapping[str, Index],
        answers_searched: Collection[str],
        last_failures: Callable[[str], tuple[FailedSource, ...]],
    ) -> None:
        self._snapshot_stores = snapshot_stores
        self._batcher = batcher
        self._assembly = assembly
        self._contents = contents
        self._now = now
        self._indexes = indexes
        self._answers_searched = answers_searched
        self._last_failures = last_failures
        self._progress: dict[str, Progress] = {}
        self._publishing = threading.Lock()
        self._working = threading.Lock()

    def run(self, name: str, running: Refresh) -> Refresh:
        """Refresh this knowledge base; given back as "waiting" when the sources must be asked after all.

        Raises EngineError.
        """
        reading = self._read(name, running)
        if reading is None:
            return replace(running, state="waiting", started=None, managed_only=False)
        if not running.managed_only:
            self._batcher.look_for_trouble()
        with self._working:
            try:
                difference = self._diff(name, running, reading)
                if isinstance(difference, Refresh):
                    return difference
                del reading  # 2 kB an entry, and needed no more: what follows works on lines
                vectors = self._encode(name, difference)
                snapshot = self._build(name, difference, vectors)
                return self._publish(name, difference, vectors, snapshot)
            finally:
                self._progress.pop(name, None)

    def fail(self, name: str, running: Refresh, reason: str) -> Refresh:
        _log.error("refresh failed", extra={"knowledge_base": name, "refresh": running.id, "reason": reason})
        return replace(running, state="failed", finished=self._now(), error=reason)

    def roll_back(self, name: str) -> tuple[Snapshot, RolledBack]:
        """Serve the snapshot before the current one again, from now on.

        Raises:
            NoSnapshot: there is none before, or another model made it.
            NotReady: the model is not loaded.
        """
        model = self._batcher.identity
        with self._publishing:
            before = self._snapshot_stores[name].before()
            if before.model.fingerprint != model.fingerprint:
                raise NoSnapshot(
                    f"the snapshot before was made with {before.model.name} under other settings,"
                    f" and cannot be asked with {model.name}"
                )
            note = self._snapshot_stores[name].roll_back(before, self._now())
        _log.warning("rolled back", extra={"knowledge_base": name, "from": note.snapshot, "to": before.id})
        return before, note

    def progress(self, name: str) -> Progress | None:
        """The progress of a running refresh; None while none is embedding."""
        return self._progress.get(name)

    def release(self, name: str) -> None:
        """End a rollback, if there is one."""
        if self._snapshot_stores[name].rolled_back:
            with self._publishing:
                self._snapshot_stores[name].release()

    def search_beside_the_model(self) -> None:
        """Move searches to the model's device: only now is it known, and the memory that is left there."""
        for snapshots in self._snapshot_stores.values():
            with self._publishing:
                snapshots.search_beside_model()

    def _read(self, name: str, running: Refresh) -> SourceContents | None:
        """Read the sources; None when they must be asked after all, which is not this thread's work."""
        if not running.managed_only:
            return self._contents[name].read(confirmed=running.confirmed)
        reading = self._contents[name].last_read()
        return reading and replace(reading, failed=self._last_failures(name))

    def _diff(self, name: str, running: Refresh, reading: SourceContents) -> _Difference | Refresh:
        """Compare the reading with what is served; the ended refresh when nothing is new, or to be served."""
        snapshots, model = self._snapshot_stores[name], self._batcher.identity
        failed = self._since_when(name, reading.failed)
        try:
            reading = self._contents[name].with_managed(reading)
        except SourceError as problem:
            return self.fail(name, replace(running, failed_sources=failed), problem.message)
        ordered = sorted(reading.entries, key=lambda entry: entry.id)
        entries = StoredEntries.of(ordered)
        parts = parts_of_all(ordered, answers=name in self._answers_searched)
        report = replace(
            running,
            read=reading.read,
            kept=len(entries),
            dropped=reading.dropped,
            failed_sources=failed,
            notes=reading.notes,
        )
        served = snapshots.current
        current = served if served and served.model.fingerprint == model.fingerprint else None
        if current and snapshots.refuses(entries):
            return self._hold_back(name, report, current)
        if current and current.entries == entries and current.is_found_by(parts):
            return self._end_unchanged(name, report, current, reading)
        return _Difference(report, model, current, entries, parts, reading.dropped)

    def _end_unchanged(
        self, name: str, report: Refresh, current: Snapshot, reading: SourceContents
    ) -> Refresh:
        snapshots = self._snapshot_stores[name]
        if reading.is_old:
            return self.fail(name, report, "; ".join(each.reason for each in reading.failed))
        with self._publishing:
            if snapshots.rolled_back and snapshots.current is not current:
                return self._hold_back(name, report, current)  # rolled back from it a moment ago
            if not reading.failed and not report.managed_only:
                snapshots.confirm(self._now())
        return self._done(name, report, current.id)

    def _encode(self, name: str, new: _Difference) -> Assembled:
        served, texts = self._snapshot_stores[name].current, new.parts.texts
        vectors = self._assembly.vectors_of(new.entries, texts, new.current, new.model, self._telling(name))
        if served:
            self._assembly.keep_what_leaves(served, vectors.rows_before, texts if new.current else ())
        return vectors

    def _build(self, name: str, new: _Difference, vectors: Assembled) -> Snapshot:
        now = self._now()
        snapshot = Snapshot.of(
            id=f"{now:%Y%m%dT%H%M%S.%fZ}-{new.report.id[:6]}",
            knowledge_base=name,
            created=now,
            model=new.model,
            entries=new.entries,
            vectors=vectors.vectors,
            index=self._indexes[name],
            parts=new.parts,
            before=PreviousRows(new.current, vectors.rows_before) if new.current else None,
            read=new.report.read,
            dropped=new.dropped,
        )
        if new.report.managed_only and new.current:
            return replace(snapshot, checked_at=new.current.checked_at)  # nobody has asked the sources
        return snapshot

    def _publish(self, name: str, new: _Difference, vectors: Assembled, snapshot: Snapshot) -> Refresh:
        report = replace(
            new.report,
            embedded=vectors.embedded,
            recalled=vectors.recalled,
            added=vectors.compared.added,
            changed=vectors.compared.changed,
            removed=vectors.compared.removed,
        )
        with self._publishing:
            self._snapshot_stores[name].publish(snapshot)
        return self._done(name, report, snapshot.id)

    def _since_when(self, name: str, failed: tuple[FailedSource, ...]) -> tuple[FailedSource, ...]:
        """These failures, each with the time of the first of its unbroken row."""
        known = {each.source: each.failing_since for each in self._last_failures(name)}
        now = self._now()
        return tuple(
            replace(each, failing_since=each.failing_since or known.get(each.source) or now)
            for each in failed
        )

    def _telling(self, name: str) -> Callable[[Progress], None]:
        told = time.monotonic()

        def tell(progress: Progress) -> None:
            nonlocal told
            self._progress[name] = progress
            if time.monotonic() - told >= _TELL_SECONDS:
                told = time.monotonic()
                _log.info(
                    "embedding",
                    extra={
                        "knowledge_base": name,
                        "done": progress.done,
                        "total": progress.total,
                        "per_second": progress.per_second,
                    },
                )

        return tell

    def _hold_back(self, name: str, report: Refresh, current: Snapshot) -> Refresh:
        _log.warning(
            "refresh held back: the sources still say what was rolled back from",
            extra={"knowledge_base": name, "refresh": report.id, "snapshot": current.id},
        )
        return replace(report, state="done", finished=self._now(), snapshot=current.id, held_back=True)

    def _done(self, name: str, report: Refresh, snapshot: str) -> Refresh:
        _log.info(
            "refreshed",
            extra={
                "knowledge_base": name,
                "refresh": report.id,
                "snapshot": snapshot,
                "read": report.read,
                "kept": report.kept,
                "embedded": report.embedded,
                "recalled": report.recalled,
                "dropped": len(report.dropped),
                "failed_sources": [each.source for each in report.failed_sources],
            },
        )
        return replace(report, state="done", finished=self._now(), snapshot=snapshot)
