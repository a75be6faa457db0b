"""The engine put together: `build` makes the parts, `start` and `stop` run them in order."""

from __future__ import annotations

import gc
import logging
import sys
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

from fastapi import FastAPI
from filelock import FileLock, Timeout
from threadpoolctl import threadpool_limits

from engine import config, encoder
from engine.catalog import Catalog
from engine.domain import FolderInUse, FolderUnusable
from engine.encoder.batcher import Batcher
from engine.encoder.processes import load_in_processes
from engine.evaluation.rehearsal import drawn_once, evaluated_once
from engine.follower.follower import Follower
from engine.follower.publisher import Publisher
from engine.index import registry
from engine.index.protocol import MakeIndex, ModelDevice, Table
from engine.index.snapshot import ModelIdentity
from engine.metrics import Metrics
from engine.refresh.refresher import Refresher
from engine.refresh.schedule import Schedule
from engine.refresh.vectors import Assembly
from engine.search import Searcher
from engine.source import MANAGED, STILL_SECONDS, ManagedSource, Sources, Stillness, TaughtWordings
from engine.source.contents import KnowledgeBaseSources
from engine.storage.data_folder import DataFolder
from engine.storage.refresh_log import History
from engine.storage.snapshot_store import SnapshotStore
from engine.storage.vector_cache import VectorCache
from engine.teaching import Teaching
from engine.trial import Trials
from engine.warm_up import PAUSE_SECONDS, WarmUp
from engine.web import Server, Workers, application

ADDRESS = "address"
"""The file in the data folder that says where its engine listens."""

_SWITCH_SECONDS = 0.0005
_COLLECT_AFTER = 50_000
_log = logging.getLogger(__name__)


def _now() -> datetime:
    return datetime.now(UTC)


@dataclass(frozen=True)
class Edges:
    """The dependencies on the world outside the engine's folder. Tests pass others."""

    load_encoder: Callable[[config.Model], encoder.Encoder] | None = None
    indexes: Callable[[Table, ModelDevice], MakeIndex] = registry.indexes
    now: Callable[[], datetime] = _now
    device_lost: Callable[[], None] = lambda: None
    pause_seconds: float = PAUSE_SECONDS
    still_seconds: float = STILL_SECONDS


@dataclass(frozen=True)
class App:
    """One engine over one data folder.

    `open` takes the folder and answers questions; `serve` also listens and keeps the
    schedule. `stop` undoes either, and is fine to call twice.
    """

    knowledge: Catalog
    web: FastAPI
    workers: Workers
    server: Server
    schedule: Schedule
    folder: Path
    lock: FileLock
    settings: config.Engine
    history: History
    vector_cache: VectorCache
    warming: WarmUp

    def open(self) -> None:
        """Own the folder, load what was published last, begin to load the model.

        Raises:
            FolderInUse: another process owns it.
            FolderUnusable: it cannot be made or written to.
        """
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            self.lock.acquire(blocking=False)
        except Timeout:
            raise FolderInUse(
                f"another engine is running on {self.folder};"
                " stop it, or give this one its own [engine] data_dir"
            ) from None
        except OSError as problem:
            raise FolderUnusable(
                f"the data folder {self.folder} cannot be used: {problem.strerror}"
            ) from None
        self.history.open()
        self.knowledge.folder.begin()
        self.vector_cache.clear_leftovers()
        for snapshots in self.knowledge.snapshot_stores.values():
            snapshots.load()
        # BLAS threads of several questions wait for each other, spinning: on two cores, 32 clients
        # got 50 to 95 answers a second with two threads each, and 260 with one.
        threadpool_limits(limits=1, user_api="blas")
        # A refresh may read half a million rows while people ask. Whoever asks gets the interpreter
        # ten times sooner than by default, and is not stopped for collecting what is no garbage.
        sys.setswitchinterval(_SWITCH_SECONDS)
        gc.set_threshold(_COLLECT_AFTER, *gc.get_threshold()[1:])
        (self.knowledge.follower or self.knowledge.refresher).start()
        self.knowledge.batcher.start()

    def serve(self) -> None:
        """Open, listen, refresh what is refreshed by itself, and keep the schedule.

        Raises:
            EncoderFailed: the configuration insists on a device that is not here.
            CannotListen, and what `open` raises.
        """
        encoder.require_device(self.settings.model)
        self.open()
        try:
            self.server.start()
            self._begin_work()
        except BaseException:
            self.stop()
            raise

    def _begin_work(self) -> None:
        """Start all that follows once the address is ours; `stop` undoes each part of it."""
        (self.folder / ADDRESS).write_text(self.server.address, encoding="utf-8")
        if self.knowledge.follower is None:
            self._begin_refreshes()
        self.warming.start()
        _log.info(
            "serving",
            extra={
                "address": self.server.address,
                "data_dir": str(self.folder),
                "knowledge_bases": list(self.knowledge.knowledge_bases),
                "model": self.settings.model.name,
                "token": bool(self.settings.token.get_secret_value()),
                "follows": self.settings.follow,
            },
        )

    def _begin_refreshes(self) -> None:
        for name, knowledge_base in self.knowledge.knowledge_bases.items():
            if knowledge_base.refresh != "manual":
                self.knowledge.refresher.request(name)
        self.schedule.start()

    def stop(self) -> None:
        self.schedule.stop()
        self.server.stop()
        self.knowledge.batcher.stop()
        self.workers.stop()
        if self.knowledge.follower:
            self.knowledge.follower.stop()
        self.knowledge.refresher.stop()
        self.warming.stop()  # it may have waited for the refresher
        self.history.close()
        self.lock.release()


def build(settings: config.Engine, edges: Edges = Edges()) -> App:
    """All parts of an engine with these settings; nothing runs and nothing is touched yet."""
    folder = settings.data_dir
    bases = {each.name: each for each in settings.knowledge_base}
    metrics = Metrics()

    def model_device() -> str | None:
        return batcher.device if batcher.state[0] == "ready" else None

    make_index = edges.indexes(settings.index, model_device)
    indexes = {name: make_index(name) for name in bases}
    snapshot_stores = {
        name: SnapshotStore(folder / "snapshots" / name, index) for name, index in indexes.items()
    }
    managed = ManagedSource(folder / "managed")
    taught = TaughtWordings(folder / "managed", now=edges.now)
    contents = {
        name: KnowledgeBaseSources(
            name,
            Sources(
                name,
                each.sources,
                folder / "sources" / name,
                floor=each.floor,
                now=edges.now,
                stillness=Stillness(edges.still_seconds),
            ),
            managed,
            taught,
        )
        for name, each in bases.items()
    }
    history = History(folder / "refreshes.db")
    vector_cache = VectorCache(folder / "vectors", limit_bytes=settings.vector_cache_mib << 20)
    batcher = Batcher(
        lambda: (
            edges.load_encoder(settings.model)
            if edges.load_encoder
            else load_in_processes(
                settings.model,
                batcher.tell,
                lambda: encoder.load(
                    settings.model, batcher.tell, _identities(snapshot_stores.values(), follower)
                ),
            )
        ),
        queue_limit=settings.waiting_questions,
        seen=metrics.count_encoded,
        lost=edges.device_lost,
    )
    follower = None
    if settings.role == "follower":
        follower = Follower(
            Publisher(settings.follow, settings.token.get_secret_value()),
            snapshot_stores,
            bases,
            batcher,
            poll_seconds=settings.poll,
            max_lag_seconds=settings.max_lag,
            ended=metrics.count_fetch,
        )
    refresher = Refresher(
        snapshot_stores,
        batcher,
        Assembly(batcher, vector_cache),
        history,
        contents,
        now=edges.now,
        indexes=indexes,
        answers_searched=[name for name, each in bases.items() if "answer" in each.search],
        finished=metrics.count_refresh,
    )
    schedule = Schedule(
        {name: each.timetable for name, each in bases.items()},
        refresher.request,
        timezone=settings.timezone,
        now=edges.now,
    )
    searcher = Searcher(bases, snapshot_stores, batcher)
    knowledge = Catalog(
        knowledge_bases=bases,
        snapshot_stores=snapshot_stores,
        batcher=batcher,
        searcher=searcher,
        refresher=refresher,
        managed=managed,
        folder=DataFolder(folder),
        next_run=schedule.next_run,
        model_name=settings.model.name,
        follower=follower,
    )
    _watch(metrics, knowledge)
    workers = Workers(settings.web_threads, knowledge.folder)
    web = application(
        knowledge,
        Teaching(snapshot_stores, managed, taught, refresher, kept_here="" if follower else MANAGED),
        Trials(batcher, searcher),
        metrics,
        workers,
        token=settings.token.get_secret_value(),
        hosts=settings.hosts,
    )
    return App(
        knowledge=knowledge,
        web=web,
        workers=workers,
        server=Server(web, settings.listen),
        schedule=schedule,
        folder=folder,
        lock=FileLock(folder / "lock", thread_local=False),
        settings=settings,
        history=history,
        vector_cache=vector_cache,
        warming=WarmUp(
            batcher.wait_until_loaded if follower else refresher.wait_until_idle,
            (evaluated_once, drawn_once),
            pause_seconds=edges.pause_seconds,
        ),
    )


def _identities(
    snapshot_stores: Iterable[SnapshotStore], follower: Follower | None
) -> Iterator[ModelIdentity]:
    """The models of the snapshots here, then of those followed: the publisher is only asked when needed."""
    for snapshots in snapshot_stores:
        if snapshots.current:
            yield snapshots.current.model
    if follower:
        yield from follower.identities()


def _watch(metrics: Metrics, knowledge: Catalog) -> None:
    def entries(snapshots: SnapshotStore) -> float:
        return snapshots.current.size if snapshots.current else 0

    def made(snapshots: SnapshotStore) -> float:
        return snapshots.current.checked_at.timestamp() if snapshots.current else 0

    def number(snapshots: SnapshotStore) -> float:
        return snapshots.current.number if snapshots.current else 0

    def lag(name: str) -> float:
        return knowledge.follower.lag_seconds(name) if knowledge.follower else 0

    def failing(name: str) -> float:
        return len(knowledge.failed_sources(name))

    def failing_since(name: str) -> float:
        known = [each.failing_since for each in knowledge.failed_sources(name) if each.failing_since]
        return min(known).timestamp() if known else 0

    snapshot_stores = knowledge.snapshot_stores
    metrics.watch_each(
        "kbdial_engine_failing_sources",
        "Sources that could not be read, so that what they held before is served",
        {name: partial(failing, name) for name in snapshot_stores},
    )
    metrics.watch_each(
        "kbdial_engine_failing_since_timestamp_seconds",
        "When the first of these began to fail; 0 while none does",
        {name: partial(failing_since, name) for name in snapshot_stores},
    )
    metrics.watch(
        "kbdial_engine_waiting_questions", "Questions in the line", lambda: knowledge.batcher.waiting
    )
    metrics.watch(
        "kbdial_engine_ready", "1 when the model is loaded", lambda: knowledge.batcher.state[0] == "ready"
    )
    metrics.watch_each(
        "kbdial_engine_entries",
        "Entries served",
        {name: partial(entries, each) for name, each in snapshot_stores.items()},
    )
    metrics.watch_each(
        "kbdial_engine_snapshot_timestamp_seconds",
        "When the sources were last found to say what is served",
        {name: partial(made, each) for name, each in snapshot_stores.items()},
    )
    metrics.watch_each(
        "kbdial_engine_snapshot_number",
        "The number of the snapshot that is served, which grows",
        {name: partial(number, each) for name, each in snapshot_stores.items()},
    )
    metrics.watch_each(
        "kbdial_engine_follower_lag_seconds",
        "Since it was last known to be what the publisher serves; 0 unless this engine follows one",
        {name: partial(lag, name) for name in snapshot_stores},
    )
    metrics.watch_each(
        "kbdial_engine_damaged_snapshots",
        "Stored snapshots refused at start",
        {
            name: partial(lambda snapshots: len(snapshots.damaged), each)
            for name, each in snapshot_stores.items()
        },
    )
