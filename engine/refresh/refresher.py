"""Keeping snapshots true to their sources, one refresh at a time.

    requested ──► waiting ──► running ──► done
                     ▲           │  └───► failed     (the snapshot before goes on serving)
                     └─ changed ─┘

A request joins the refresh that waits or runs. A change of the managed entries joins one
that waits, but follows one that runs, because that one may have read them already. Only
texts whose vector is not known for this very model are embedded.

After a rollback, what was rolled back from is held back: it is not published again until
the sources say something else, or somebody asks for a refresh by hand.
"""

from __future__ import annotations

import logging
import threading
import time
from collections import deque
from collections.abc import Callable, Collection, Mapping
from contextlib import suppress
from dataclasses import replace
from datetime import datetime
from uuid import uuid4

from engine.domain import (
    EngineError,
    NoSnapshot,
    NotReady,
    Reading,
    Refresh,
    RolledBack,
    UnknownKnowledgeBase,
)
from engine.encoder.batcher import Batcher
from engine.index.entry_table import StoredEntries
from engine.index.parts import parts_of_all
from engine.index.scan import Passages, Scan, Scanner
from engine.index.snapshot import Before, Snapshot
from engine.refresh.vectors import Assembly, Progress
from engine.storage.refresh_log import History
from engine.storage.snapshot_store import Shelf

STOP_SECONDS = 5.0  # a source that hangs must not keep the program alive
REMEMBERED = 20  # refreshes of a knowledge base that can still be asked about
_TELL_SECONDS = 10  # between two lines in the log about one long refresh

_log = logging.getLogger(__name__)


class Refresher:
    """Refreshes knowledge bases in its own thread, in the order of the requests.

    `read` gives what the sources of a knowledge base hold now, and is told whether a person
    has confirmed that they may have changed beyond belief. `stop` lets nothing new
    begin and returns when the thread is gone, or after some seconds when a source hangs;
    stop the batcher first, so that a refresh in the middle of embedding ends too.
    """

    def __init__(
        self,
        shelves: Mapping[str, Shelf],
        batcher: Batcher,
        assembly: Assembly,
        history: History,
        read: Callable[[str, bool], Reading],
        *,
        now: Callable[[], datetime],
        scanner: Scanner = Scan.over,
        answers_searched: Collection[str] = (),
        finished: Callable[[str, Refresh], None] = lambda _name, _refresh: None,
    ) -> None:
        self._shelves = shelves
        self._batcher = batcher
        self._assembly = assembly
        self._history = history
        self._read = read
        self._now = now
        self._scanner = scanner
        self._answers_searched = answers_searched
        self._finished = finished
        self._line: deque[str] = deque()
        self._refreshes: dict[str, deque[Refresh]] = {name: deque(maxlen=REMEMBERED) for name in shelves}
        self._progress: dict[str, Progress] = {}
        self._changed = threading.Condition()
        self._publishing = threading.Lock()
        self._stopping = False
        self._thread: threading.Thread | None = None
        self._missing_at_start: frozenset[str] | None = None

    @property
    def missing_at_start(self) -> frozenset[str] | None:
        """What the model could not answer from when it was loaded; None before that."""
        return self._missing_at_start

    def start(self) -> None:
        with self._changed:
            for name, refreshes in self._refreshes.items():
                refreshes.extend(reversed(self._history.last(name, REMEMBERED)))
        self._thread = threading.Thread(target=self._run, name="refresher", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        with self._changed:
            self._stopping = True
            self._changed.notify_all()
        if self._thread:
            self._thread.join(STOP_SECONDS)
            self._thread = None

    def request(self, name: str, *, confirmed: bool = False, by_hand: bool = False) -> str:
        """Refresh soon; the id of the refresh that will have done it.

        One that is confirmed makes a waiting one confirmed too, and follows a running one
        that is not. One by hand ends a rollback.

        Raises:
            UnknownKnowledgeBase
        """
        if by_hand and name in self._shelves and self._shelves[name].rolled_back:
            with self._publishing:
                self._shelves[name].release()
        return self._ask(name, join=("waiting", "running"), confirmed=confirmed)

    def changed(self, name: str) -> str:
        """As `request`, by somebody who has just changed what the sources hold."""
        return self._ask(name, join=("waiting",))

    def roll_back(self, name: str) -> tuple[Snapshot, RolledBack]:
        """Serve the snapshot before the current one again, from now on.

        Raises:
            UnknownKnowledgeBase
            NoSnapshot: there is none before, or another model made it.
            NotReady: the model is not loaded.
        """
        if name not in self._shelves:
            raise UnknownKnowledgeBase(f'there is no knowledge base "{name}"')
        model = self._batcher.identity
        with self._publishing:
            before = self._shelves[name].before()
            if before.model.fingerprint != model.fingerprint:
                raise NoSnapshot(
                    f"the snapshot before was made with {before.model.name} under other settings,"
                    f" and cannot be asked with {model.name}"
                )
            note = self._shelves[name].roll_back(before, self._now())
        _log.warning("rolled back", extra={"knowledge_base": name, "from": note.snapshot, "to": before.id})
        return before, note

    def recent(self, name: str) -> tuple[Refresh, ...]:
        """The last refreshes of a knowledge base, newest first."""
        with self._changed:
            return tuple(reversed(self._refreshes[name]))

    def progress(self, name: str) -> Progress | None:
        """How far a running refresh has come; None while none is embedding."""
        return self._progress.get(name)

    def wait_for(self, name: str, refresh_id: str, timeout_seconds: float | None = None) -> Refresh | None:
        """That refresh once it has ended; None when it has not within the time."""

        def ended() -> Refresh | None:
            for refresh in self._refreshes[name]:
                if refresh.id == refresh_id and refresh.state in {"done", "failed"}:
                    return refresh
            return None

        with self._changed:
            return self._changed.wait_for(ended, timeout_seconds) or None

    def wait_until_caught_up(self, timeout_seconds: float | None = None) -> bool:
        """Whether it is known what the loaded model can answer from; returns as soon as it is."""
        with self._changed:
            return self._changed.wait_for(lambda: self._missing_at_start is not None, timeout_seconds)

    def wait_until_idle(self) -> bool:
        """True once the model is loaded and no refresh waits or runs; False when it is stopped before."""

        def is_idle() -> bool:
            states = {each.state for refreshes in self._refreshes.values() for each in refreshes}
            return self._missing_at_start is not None and not states & {"waiting", "running"}

        with self._changed:
            self._changed.wait_for(lambda: self._stopping or is_idle())
            return not self._stopping

    def catch_up(self) -> None:
        """Request a refresh for every knowledge base that the loaded model cannot answer from."""
        fingerprint = self._batcher.identity.fingerprint
        missing = [
            name
            for name, shelf in self._shelves.items()
            if shelf.current is None or shelf.current.model.fingerprint != fingerprint
        ]
        for name in missing:
            self.request(name)
        with self._changed:
            self._missing_at_start = frozenset(missing)
            self._changed.notify_all()

    def step(self) -> bool:
        """Do the refresh that has waited longest. Whether there was one."""
        with self._changed:
            if not self._line:
                return False
            name = self._line.popleft()
            running = self._begun(name)
        self._history.note(name, running)
        try:
            ended = self._refresh(name, running)
        except EngineError as problem:
            ended = self._failed(name, running, problem.message)
        except Exception as problem:  # noqa: BLE001 - the top of a step: a refresh may fail, the thread may not
            _log.exception("refresh broke", extra={"knowledge_base": name, "refresh": running.id})
            ended = self._failed(name, running, f"{type(problem).__name__}: {problem}")
        self._progress.pop(name, None)
        self._history.note(name, ended)
        with self._changed:
            self._replace(name, ended)
            self._changed.notify_all()
        self._finished(name, ended)
        return True

    def _run(self) -> None:
        if self._batcher.wait_until_loaded():
            with suppress(NotReady):  # stopped again already
                self._scan_beside_the_model()
                self.catch_up()
        while True:
            with self._changed:
                self._changed.wait_for(lambda: self._line or self._stopping)
                if self._stopping:
                    return
            self.step()

    def _scan_beside_the_model(self) -> None:
        """Only now is it known what the model runs on, and what memory it leaves there."""
        for shelf in self._shelves.values():
            with self._publishing:
                shelf.scan_anew()

    def _ask(self, name: str, join: tuple[str, ...], *, confirmed: bool = False) -> str:
        with self._changed:
            if name not in self._refreshes:
                raise UnknownKnowledgeBase(f'there is no knowledge base "{name}"')
            for refresh in self._refreshes[name]:
                if refresh.state in join and (refresh.state == "waiting" or refresh.confirmed >= confirmed):
                    self._replace(name, replace(refresh, confirmed=refresh.confirmed or confirmed))
                    return refresh.id
            asked = Refresh(id=uuid4().hex[:12], state="waiting", requested=self._now(), confirmed=confirmed)
            self._refreshes[name].append(asked)
            self._line.append(name)
            self._changed.notify_all()
            return asked.id

    def _refresh(self, name: str, running: Refresh) -> Refresh:
        shelf = self._shelves[name]
        reading = self._read(name, running.confirmed)
        model = self._batcher.identity
        ordered = sorted(reading.entries, key=lambda entry: entry.id)
        entries = StoredEntries.of(ordered)
        parts = parts_of_all(ordered, answers=name in self._answers_searched)
        # 2 kB each, and needed no more: what follows works on lines.
        reading, ordered = replace(reading, entries=()), []
        report = replace(
            running,
            read=reading.read,
            kept=len(entries),
            dropped=reading.dropped,
            failed_sources=reading.failed,
            notes=reading.notes,
        )
        served = shelf.current
        current = served if served and served.model.fingerprint == model.fingerprint else None
        if current and shelf.refuses(entries):
            return self._held_back(name, report, current)
        if current and current.entries == entries and current.is_found_by(parts):
            if reading.is_old:
                return self._failed(name, report, "; ".join(each.reason for each in reading.failed))
            with self._publishing:
                if shelf.rolled_back and shelf.current is not current:
                    return self._held_back(name, report, current)  # rolled back from it a moment ago
                if not reading.failed:
                    shelf.confirm(self._now())
            return self._done(name, report, current.id)
        assembled = self._assembly.vectors_of(entries, parts.texts, current, model, self._telling(name))
        if served:
            self._assembly.keep_what_leaves(served, assembled.rows_before, parts.texts if current else ())
        now = self._now()
        snapshot = Snapshot.of(
            id=f"{now:%Y%m%dT%H%M%S.%fZ}-{running.id[:6]}",
            knowledge_base=name,
            created=now,
            model=model,
            entries=entries,
            vectors=assembled.vectors[: len(entries)],
            passages=Passages.of(
                parts.starts,
                assembled.vectors[len(entries) :],
                extra_starts=parts.extra_starts,
                scanner=self._scanner,
            )
            if parts.texts
            else None,
            before=Before(current, assembled.rows_before) if current else None,
            scanner=self._scanner,
            read=reading.read,
            dropped=reading.dropped,
        )
        report = replace(report, embedded=assembled.embedded, recalled=assembled.recalled)
        with self._publishing:
            shelf.publish(snapshot)
        return self._done(name, report, snapshot.id)

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

    def _held_back(self, name: str, report: Refresh, current: Snapshot) -> Refresh:
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

    def _failed(self, name: str, running: Refresh, reason: str) -> Refresh:
        _log.error("refresh failed", extra={"knowledge_base": name, "refresh": running.id, "reason": reason})
        return replace(running, state="failed", finished=self._now(), error=reason)

    def _begun(self, name: str) -> Refresh:
        waiting = next(each for each in self._refreshes[name] if each.state == "waiting")
        running = replace(waiting, state="running", started=self._now())
        self._replace(name, running)
        return running

    def _replace(self, name: str, refresh: Refresh) -> None:
        refreshes = self._refreshes[name]
        for place, each in enumerate(refreshes):
            if each.id == refresh.id:
                refreshes[place] = refresh
