"""Keeping snapshots true to their sources.

    requested ──► waiting ──► running: read ─► diff ─► encode ─► build ─► publish ──► done
                                        └──────┴─────────┴──► failed  (the snapshot before goes on serving)

The sources of each knowledge base are read in a thread of its own, so that one that hangs holds
up no other; what follows is done for one knowledge base at a time. A request joins the refresh that
waits or runs. A change of the managed entries reads no source: it is published over what the
sources held last, and never waits for one. Only texts whose vector is not known for this very
model are embedded.

After a rollback, what was rolled back from is held back: it is not published again until
the sources say something else, or somebody asks for a refresh by hand.
"""

from __future__ import annotations

import logging
import threading
from collections import deque
from collections.abc import Callable, Collection, Mapping
from contextlib import suppress
from dataclasses import replace
from datetime import datetime
from functools import partial
from uuid import uuid4

from engine.domain import (
    EngineError,
    FailedSource,
    NotReady,
    Refresh,
    RolledBack,
    UnknownKnowledgeBase,
)
from engine.encoder.batcher import Batcher
from engine.index.protocol import Index
from engine.index.snapshot import Snapshot
from engine.loop import Loop, stop_all
from engine.refresh.steps import RefreshSteps
from engine.refresh.vectors import Assembly, Progress
from engine.source.contents import KnowledgeBaseSources
from engine.storage.refresh_log import History
from engine.storage.snapshot_store import SnapshotStore

REMEMBERED = 20  # refreshes of a knowledge base that can still be asked about

_log = logging.getLogger(__name__)


class Refresher:
    """Refreshes knowledge bases: a thread each, and one for what is added by hand.

    `stop` lets nothing new begin and returns when the threads are gone, or after some seconds
    when a source hangs; stop the batcher first, so that a refresh in the middle of embedding ends too.
    """

    def __init__(
        self,
        snapshot_stores: Mapping[str, SnapshotStore],
        batcher: Batcher,
        assembly: Assembly,
        history: History,
        contents: Mapping[str, KnowledgeBaseSources],
        *,
        now: Callable[[], datetime],
        indexes: Mapping[str, Index],
        answers_searched: Collection[str] = (),
        finished: Callable[[str, Refresh], None] = lambda _name, _refresh: None,
    ) -> None:
        self._snapshot_stores = snapshot_stores
        self._batcher = batcher
        self._history = history
        self._now = now
        self._steps = RefreshSteps(
            snapshot_stores,
            batcher,
            assembly,
            contents,
            now=now,
            indexes=indexes,
            answers_searched=answers_searched,
            last_failures=self._last_failures,
        )
        self._finished = finished
        self._refreshes: dict[str, deque[Refresh]] = {
            name: deque(maxlen=REMEMBERED) for name in snapshot_stores
        }
        self._changed = threading.Condition()
        self._stopping = False
        self._by_hand = Loop("refresher", partial(self._step, None))
        self._loops = {name: Loop(f"refresher {name}", partial(self._step, name)) for name in snapshot_stores}
        self._beginning = threading.Thread(target=self._begin, name="refreshes begin", daemon=True)
        self._missing_at_start: frozenset[str] | None = None

    @property
    def missing_at_start(self) -> frozenset[str] | None:
        """The knowledge bases that the model could not answer from when it was loaded; None before that."""
        return self._missing_at_start

    def start(self) -> None:
        with self._changed:
            for name, refreshes in self._refreshes.items():
                refreshes.extend(reversed(self._history.last(name, REMEMBERED)))
        self._beginning.start()

    def stop(self) -> None:
        with self._changed:
            self._stopping = True
            self._changed.notify_all()
        stop_all([self._by_hand, *self._loops.values()])

    def request(self, name: str, *, confirmed: bool = False, by_hand: bool = False) -> str:
        """Refresh soon; the id of the refresh that will have done it.

        One that is confirmed makes a waiting one confirmed too, and follows a running one
        that is not. One by hand ends a rollback.

        Raises:
            UnknownKnowledgeBase
        """
        if by_hand and name in self._snapshot_stores:
            self._steps.release(name)
        return self._ask(name, join=("waiting", "running"), confirmed=confirmed)

    def request_managed(self, name: str) -> str:
        """Request a refresh of the managed entries alone, after a change of them. No source is read."""
        return self._ask(name, join=("waiting",), managed_only=True)

    def roll_back(self, name: str) -> tuple[Snapshot, RolledBack]:
        """Serve the snapshot before the current one again, from now on.

        Raises:
            UnknownKnowledgeBase
            NoSnapshot: there is none before, or another model made it.
            NotReady: the model is not loaded.
        """
        if name not in self._snapshot_stores:
            raise UnknownKnowledgeBase(f'there is no knowledge base "{name}"')
        return self._steps.roll_back(name)

    def recent(self, name: str) -> tuple[Refresh, ...]:
        """The last refreshes of a knowledge base, newest first."""
        with self._changed:
            return tuple(reversed(self._refreshes[name]))

    def progress(self, name: str) -> Progress | None:
        """The progress of a running refresh; None while none is embedding."""
        return self._steps.progress(name)

    def wait_for(self, name: str, refresh_id: str, timeout_seconds: float | None = None) -> Refresh | None:
        """Wait for a refresh to end, and return it; None when it has not within the time (None: no limit)."""

        def find_ended() -> Refresh | None:
            for refresh in self._refreshes[name]:
                if refresh.id == refresh_id and refresh.state in {"done", "failed"}:
                    return refresh
            return None

        with self._changed:
            return self._changed.wait_for(find_ended, timeout_seconds) or None

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
            for name, snapshots in self._snapshot_stores.items()
            if snapshots.current is None or snapshots.current.model.fingerprint != fingerprint
        ]
        for name in missing:
            self.request(name)
        with self._changed:
            self._missing_at_start = frozenset(missing)
            self._changed.notify_all()

    def _begin(self) -> None:
        if self._batcher.wait_until_loaded():
            with suppress(NotReady):  # stopped again already
                self._steps.search_beside_the_model()
                self.catch_up()
        for each in (self._by_hand, *self._loops.values()):
            each.start()

    def _step(self, knowledge_base: str | None) -> bool:
        """Do the refresh of this knowledge base's sources that waits, or else (None) what is by hand only."""
        with self._changed:
            found = None if self._stopping else self._waiting(knowledge_base)
            if found is None:
                return False
            name, waiting = found
            running = replace(waiting, state="running", started=self._now())
            self._replace(name, running)
        self._history.note(name, running)
        try:
            ended = self._steps.run(name, running)
        except EngineError as problem:
            ended = self._steps.fail(name, running, problem.message)
        except Exception as problem:  # noqa: BLE001 - the top of a step: a refresh may fail, the thread may not
            _log.exception("refresh broke", extra={"knowledge_base": name, "refresh": running.id})
            ended = self._steps.fail(name, running, f"{type(problem).__name__}: {problem}")
        if ended.state == "waiting":
            self._hand_over(name, ended)
            return True
        self._history.note(name, ended)
        with self._changed:
            self._replace(name, ended)
            self._changed.notify_all()
        self._finished(name, ended)
        return True

    def _waiting(self, knowledge_base: str | None) -> tuple[str, Refresh] | None:
        """The one requested first of those that this thread does."""
        names = self._refreshes if knowledge_base is None else (knowledge_base,)
        found = (
            (each.requested, name, each)
            for name in names
            for each in self._refreshes[name]
            if each.state == "waiting" and each.managed_only == (knowledge_base is None)
        )
        first = min(found, key=lambda each: each[0], default=None)
        return first and (first[1], first[2])

    def _hand_over(self, name: str, refresh: Refresh) -> None:
        with self._changed:
            self._replace(name, refresh)
        self._loops[name].wake()

    def _ask(
        self, name: str, join: tuple[str, ...], *, confirmed: bool = False, managed_only: bool = False
    ) -> str:
        with self._changed:
            if name not in self._refreshes:
                raise UnknownKnowledgeBase(f'there is no knowledge base "{name}"')
            for refresh in self._refreshes[name]:
                if refresh.state not in join or refresh.managed_only != managed_only:
                    continue
                if refresh.state == "waiting" or refresh.confirmed >= confirmed:
                    self._replace(name, replace(refresh, confirmed=refresh.confirmed or confirmed))
                    return refresh.id
            asked = Refresh(
                id=uuid4().hex[:12],
                state="waiting",
                requested=self._now(),
                confirmed=confirmed,
                managed_only=managed_only,
            )
            self._refreshes[name].append(asked)
            self._changed.notify_all()
        (self._by_hand if managed_only else self._loops[name]).wake()
        return asked.id

    def _replace(self, name: str, refresh: Refresh) -> None:
        refreshes = self._refreshes[name]
        for place, each in enumerate(refreshes):
            if each.id == refresh.id:
                refreshes[place] = refresh

    def _last_failures(self, name: str) -> tuple[FailedSource, ...]:
        return next((each.failed_sources for each in self.recent(name) if each.finished), ())
