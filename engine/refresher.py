"""Keeping snapshots true to their sources, one refresh at a time.

    requested ──► waiting ──► running ──► done
                     ▲           │  └───► failed     (the snapshot before goes on serving)
                     └─ changed ─┘

A request joins the refresh that waits or runs. A change of the managed entries joins one
that waits, but follows one that runs, because that one may have read them already. Only
texts whose vector is not known for this very model are embedded.
"""

from __future__ import annotations

import logging
import threading
from collections import deque
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime
from uuid import uuid4

import numpy as np

from engine.batcher import Batcher
from engine.domain import EngineError, Entry, NotReady, Reading, Refresh, UnknownKnowledgeBase
from engine.shelf import Shelf
from engine.snapshot import ModelIdentity, Snapshot, Vectors

STOP_SECONDS = 5.0  # a source that hangs must not keep the program alive
REMEMBERED = 20  # refreshes of a knowledge base that can still be asked about

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Progress:
    """How many of the texts that had to be embedded are."""

    done: int
    total: int


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
        read: Callable[[str, bool], Reading],
        *,
        now: Callable[[], datetime],
        finished: Callable[[str, Refresh], None] = lambda _name, _refresh: None,
    ) -> None:
        self._shelves = shelves
        self._batcher = batcher
        self._read = read
        self._now = now
        self._finished = finished
        self._line: deque[str] = deque()
        self._refreshes: dict[str, deque[Refresh]] = {name: deque(maxlen=REMEMBERED) for name in shelves}
        self._progress: dict[str, Progress] = {}
        self._changed = threading.Condition()
        self._stopping = False
        self._thread: threading.Thread | None = None
        self._missing_at_start: frozenset[str] | None = None

    @property
    def missing_at_start(self) -> frozenset[str] | None:
        """What the model could not answer from when it was loaded; None before that."""
        return self._missing_at_start

    def start(self) -> None:
        self._thread = threading.Thread(target=self._run, name="refresher", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        with self._changed:
            self._stopping = True
            self._changed.notify_all()
        if self._thread:
            self._thread.join(STOP_SECONDS)
            self._thread = None

    def request(self, name: str, *, confirmed: bool = False) -> str:
        """Refresh soon; the id of the refresh that will have done it.

        One that is confirmed makes a waiting one confirmed too, and follows a running one
        that is not.

        Raises:
            UnknownKnowledgeBase
        """
        return self._ask(name, join=("waiting", "running"), confirmed=confirmed)

    def changed(self, name: str) -> str:
        """As `request`, by somebody who has just changed what the sources hold."""
        return self._ask(name, join=("waiting",))

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
        try:
            ended = self._refresh(name, running)
        except EngineError as problem:
            ended = self._failed(name, running, problem.message)
        except Exception as problem:  # noqa: BLE001 - the top of a step: a refresh may fail, the thread may not
            _log.exception("refresh broke", extra={"knowledge_base": name, "refresh": running.id})
            ended = self._failed(name, running, f"{type(problem).__name__}: {problem}")
        self._progress.pop(name, None)
        with self._changed:
            self._replace(name, ended)
            self._changed.notify_all()
        self._finished(name, ended)
        return True

    def _run(self) -> None:
        if self._batcher.wait_until_loaded():
            with suppress(NotReady):  # stopped again already
                self.catch_up()
        while True:
            with self._changed:
                self._changed.wait_for(lambda: self._line or self._stopping)
                if self._stopping:
                    return
            self.step()

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
        entries = tuple(sorted(reading.entries, key=lambda entry: entry.id))
        report = replace(
            running,
            read=reading.read,
            kept=len(entries),
            dropped=reading.dropped,
            failed_sources=reading.failed,
        )
        current = shelf.current
        if current and current.model.fingerprint != model.fingerprint:
            current = None
        if current and current.entries == entries:
            if reading.is_old:
                return self._failed(name, report, "; ".join(each.reason for each in reading.failed))
            if not reading.failed:
                shelf.confirm(self._now())
            return self._done(name, report, current.id)
        vectors, embedded = self._vectors(name, entries, current, model)
        now = self._now()
        snapshot = Snapshot.of(
            id=f"{now:%Y%m%dT%H%M%S.%fZ}-{running.id[:6]}",
            knowledge_base=name,
            created=now,
            model=model,
            entries=entries,
            vectors=vectors,
            read=reading.read,
            dropped=reading.dropped,
        )
        shelf.publish(snapshot)
        return self._done(name, replace(report, embedded=embedded), snapshot.id)

    def _vectors(
        self, name: str, entries: tuple[Entry, ...], current: Snapshot | None, model: ModelIdentity
    ) -> tuple[Vectors, int]:
        """A row for each entry, known ones taken over; and how many texts were embedded for it."""
        known = {entry.text: row for row, entry in enumerate(current.entries)} if current else {}
        texts = [entry.text for entry in entries]
        missing = list(dict.fromkeys(text for text in texts if text not in known))
        self._progress[name] = Progress(0, len(missing))

        def tell(done: int) -> None:
            self._progress[name] = Progress(done, len(missing))

        new = self._batcher.encode_entries(missing, tell)
        place = {text: row for row, text in enumerate(missing)}
        vectors = np.empty((len(texts), model.dimension), dtype=np.float32)
        for row, text in enumerate(texts):
            if text in place:
                vectors[row] = new[place[text]]
            elif current:
                vectors[row] = current.vectors[known[text]]
        return vectors, len(missing)

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
