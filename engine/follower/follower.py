"""The follower: keeps local snapshots those of the publisher, polling in a thread a knowledge base."""

from __future__ import annotations

import logging
import shutil
import threading
import time
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path

from engine.config import KnowledgeBase
from engine.domain import CannotReach, EngineError, FolderUnusable, NotReady, SnapshotBehind
from engine.encoder.batcher import Batcher
from engine.follower.publication import Publication
from engine.follower.publisher import Publisher
from engine.index.snapshot import ModelIdentity
from engine.loop import Loop, stop_all
from engine.search import scale_of
from engine.storage.snapshot_store import SnapshotStore

_log = logging.getLogger(__name__)


class Follower:
    """Follows one publisher between `start` and `stop`. What is served stays when anything fails.

    A snapshot that is older than the one here, by its number, is never taken: time does not run back.
    """

    def __init__(
        self,
        publisher: Publisher,
        snapshot_stores: Mapping[str, SnapshotStore],
        knowledge_bases: Mapping[str, KnowledgeBase],
        batcher: Batcher,
        *,
        poll_seconds: float,
        max_lag_seconds: float = 0,
        steady: Callable[[], float] = time.monotonic,
        ended: Callable[[str, str], None] = lambda _name, _state: None,
    ) -> None:
        """`max_lag_seconds` 0: however old. `ended` is told of each fetch, "done" or "failed"."""
        self._publisher = publisher
        self._stores = snapshot_stores
        self._bases = knowledge_bases
        self._batcher = batcher
        self._max_lag_seconds = max_lag_seconds
        self._steady = steady
        self._ended = ended
        self._agreed_at = dict.fromkeys(snapshot_stores, steady())
        self._problems = dict.fromkeys(snapshot_stores, "")
        self._absent: set[str] = set()
        self._stopping = threading.Event()
        self._loops = [
            Loop(f"follower {name}", partial(self._step, name), pause_seconds=poll_seconds)
            for name in snapshot_stores
        ]
        self._beginning = threading.Thread(target=self._begin, name="following begins", daemon=True)

    @property
    def url(self) -> str:
        """The publisher's address."""
        return self._publisher.url

    def start(self) -> None:
        self._beginning.start()

    def stop(self) -> None:
        self._stopping.set()
        stop_all(self._loops)

    def lag_seconds(self, name: str) -> float:
        """Seconds since this knowledge base was last known to be what the publisher serves."""
        return self._steady() - self._agreed_at[name]

    def missing(self) -> list[str]:
        """Sentences on the knowledge bases that have no snapshot yet and may still get one.

        One that the publisher itself has not is not waited for, beside others.
        """
        has_any = any(snapshots.current for snapshots in self._stores.values())
        return [
            f'no snapshot of "{name}" was fetched from {self.url} yet{_because(self._problems[name])}'
            for name, snapshots in self._stores.items()
            if snapshots.current is None and not (has_any and name in self._absent)
        ]

    def late(self) -> list[str]:
        """Sentences on the knowledge bases whose lag exceeds the allowed one, with the reason."""
        if not self._max_lag_seconds:
            return []
        return [
            f'"{name}" was last the same as at {self.url} {lag:.0f} s ago{_because(self._problems[name])}'
            for name in self._stores
            if (lag := self.lag_seconds(name)) > self._max_lag_seconds
        ]

    def problems(self) -> list[str]:
        """Sentences on what keeps knowledge bases from following the publisher now."""
        names: dict[str, list[str]] = {}
        for name, problem in self._problems.items():
            if problem:
                names.setdefault(problem, []).append(f'"{name}"')
        return [f"{', '.join(those)}: {problem}" for problem, those in names.items()]

    def identities(self) -> list[ModelIdentity]:
        """The models of what the publisher serves, as far as it answers."""
        found: list[ModelIdentity] = []
        for name in self._stores:
            try:
                said = self._publisher.publication(name)
            except CannotReach as problem:
                _log.warning("publisher does not answer", extra={"reason": problem.message})
                return found
            found += [said.model] if said else []
        return found

    def look(self, name: str) -> bool:
        """Serve what the publisher serves; False when that is so already.

        Raises:
            EngineError: of several kinds; nothing has changed. NotReady: this engine is stopping.
        """
        said = self._publisher.publication(name)
        if said is None:
            self._absent.add(name)
            return False
        self._absent.discard(name)
        held = self._stores[name].current
        if held and said.number < held.number:
            raise SnapshotBehind(
                f"{self.url} serves snapshot {said.snapshot}, which is older than what it served before;"
                " a refresh there makes a new one"
            )
        self._require_equal_settings(name, said)
        as_here = held and (held.id, held.number, held.checked_at)
        if as_here != (said.snapshot, said.number, said.checked_at):
            self._take(name, said, is_new=held is None or held.id != said.snapshot)
            return True
        return False

    def _begin(self) -> None:
        if self._batcher.wait_until_loaded() and not self._stopping.is_set():
            for snapshots in self._stores.values():
                snapshots.search_beside_model()
            for each in self._loops:
                each.start()

    def _step(self, name: str) -> bool:
        try:
            has_changed = self.look(name)
        except NotReady:
            return False  # stopped
        except EngineError as problem:
            self._note(name, problem.message)
            return False
        self._agreed_at[name] = self._steady()
        self._note(name, "")
        return has_changed

    def _require_equal_settings(self, name: str, said: Publication) -> None:
        identity, base = self._batcher.identity, self._bases[name]
        if said.model.fingerprint != identity.fingerprint:
            raise EngineError(
                f"{self.url} answers with {said.model.name} and other settings than {identity.name} here;"
                " [engine.model] must be the same"
            )
        if (said.fingerprint, said.threshold) != (scale_of(identity.fingerprint, base), base.threshold):
            raise EngineError(
                f'{self.url} scores "{name}" otherwise;'
                " its threshold, scoring, search and instruction must be the same"
            )

    def _take(self, name: str, said: Publication, *, is_new: bool) -> None:
        snapshots, folder = self._stores[name], None
        try:
            folder = snapshots.incoming(said.snapshot) if is_new else None
            if folder:
                _require_room(folder, said)
                self._publisher.fetch(name, said, folder, lambda: not self._stopping.is_set())
            snapshots.adopt(said.snapshot, said.number, said.checked_at)
        except OSError as problem:
            snapshots.clear_incoming()  # a full disk should get its space back
            self._ended(name, "failed")
            raise FolderUnusable(f"snapshot {said.snapshot} cannot be written: {problem}") from problem
        except EngineError:
            self._ended(name, "failed")
            raise
        if folder:
            self._ended(name, "done")
            _log.info("fetched", extra={"knowledge_base": name, "snapshot": said.snapshot})

    def _note(self, name: str, problem: str) -> None:
        if problem and problem != self._problems[name]:
            _log.warning("not as the publisher", extra={"knowledge_base": name, "reason": problem})
        self._problems[name] = problem


def _require_room(folder: Path, said: Publication) -> None:
    fetched = sum(each.stat().st_size for each in folder.iterdir())
    free = shutil.disk_usage(folder).free
    if said.size_bytes - fetched > free:
        raise FolderUnusable(f"snapshot {said.snapshot} has {said.size_bytes} bytes, and {free} are free")


def _because(problem: str) -> str:
    return f": {problem}" if problem else ""
