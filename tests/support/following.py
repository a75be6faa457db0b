"""A publisher that is really listened to, and followers of it that look when they are told."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from engine import config
from engine.encoder import Encoder
from engine.encoder.batcher import Batcher
from engine.follower.follower import Follower
from engine.follower.publisher import Publisher
from engine.index.scan import ScanIndex
from engine.storage.snapshot_store import SnapshotStore
from tests.support.engine import (
    WAIT_SECONDS,
    LetterEncoder,
    RunningEngine,
    a_knowledge_base,
    an_engine,
    some_settings,
)

TOKEN = "k7Qm-of-the-engine-2Vx9"


@dataclass
class Publishing:
    """An engine that answers on a port of this machine, over one knowledge base with a file of its own."""

    engine: RunningEngine
    folder: Path
    base: config.KnowledgeBase

    @property
    def url(self) -> str:
        return f"http://{self.engine.app.server.address}"

    @property
    def port(self) -> int:
        return int(self.url.rpartition(":")[2])

    def publish(self, *texts: str) -> Any:
        """Refresh with these texts; what the knowledge base says of itself then."""
        (self.folder / "default.txt").write_text("\n".join(texts), encoding="utf-8")
        assert self.engine.refresh()["state"] == "done"
        return self.describe()

    def describe(self) -> Any:
        answer = self.engine.client.get("/v1/knowledge-bases/default", headers=self.engine.headers)
        return answer.get_json()


@contextmanager
def a_publisher(folder: Path, *texts: str, token: str = TOKEN) -> Iterator[Publishing]:
    base = a_knowledge_base(folder, *texts, floor=0)
    with an_engine(some_settings(folder / "publisher", base, token=token)) as engine:
        engine.headers = {"Authorization": f"Bearer {token}"}
        engine.app.server.start()
        yield Publishing(engine.is_settled(), folder, base)


@dataclass
class Following:
    """A follower without a loop, over one knowledge base; `states` are how its fetches ended."""

    follower: Follower
    snapshots: SnapshotStore
    states: list[str] = field(default_factory=list)

    def look(self) -> bool:
        return self.follower.look("default")

    def texts(self) -> list[str]:
        served = self.snapshots.current
        return sorted(entry.text for entry in served.entries) if served else []


@contextmanager
def a_follower(
    folder: Path,
    url: str,
    base: config.KnowledgeBase,
    *,
    encoder: Callable[[], Encoder] = LetterEncoder,
    token: str = TOKEN,
    **keys: Any,
) -> Iterator[Following]:
    snapshots = SnapshotStore(folder, ScanIndex())
    snapshots.load()
    batcher = Batcher(encoder, queue_limit=8)
    batcher.start()
    try:
        assert batcher.wait_until_loaded(WAIT_SECONDS)
        states: list[str] = []
        follower = Follower(
            Publisher(url, token),
            {"default": snapshots},
            {"default": base},
            batcher,
            poll_seconds=1,
            ended=lambda _name, state: states.append(state),
            **keys,
        )
        yield Following(follower, snapshots, states)
    finally:
        batcher.stop()


def follower_settings(folder: Path, publishing: Publishing, **keys: Any) -> config.Engine:
    """The settings of a whole engine that follows this one and polls twenty times a second."""
    given = {"role": "follower", "follow": publishing.url, "token": TOKEN, "poll": 0.05, **keys}
    return some_settings(folder, publishing.base, **given)
