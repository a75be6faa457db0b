"""Doubles and builders for the engine's tests."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
from werkzeug.test import Client

from engine import app, config
from engine.domain import Entry
from engine.encoder import Encoder, Role
from engine.encoder.vectors import shorten
from engine.index import registry
from engine.index.parts import parts_of_all
from engine.index.protocol import Index, MakeIndex, ModelDevice, Table
from engine.index.scan import ScanIndex, Scanner
from engine.index.snapshot import ModelIdentity, Snapshot, Vectors
from tests.support.asgi_bridge import AsgiBridge

LETTERS = "abcdefghijklmnopqrstuvwxyz"
MIDDAY = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
A_LONG_TEXT = "a plain beginning, as there are many. " * 20 + "zebra jazz quiz " * 14 + "end."
WAIT_SECONDS = 20  # for something that certainly comes; the test fails when it does not


class LetterEncoder:
    """A text's vector counts its letters: words of the same letters are the same."""

    def __init__(self, *, name: str = "letters") -> None:
        self.identity = ModelIdentity(name=name, dimension=len(LETTERS) + 1, fingerprint=name)
        self.device = "paper"
        self.batches: list[tuple[Role, tuple[str, ...]]] = []

    @property
    def encoded(self) -> list[str]:
        """Every entry that was embedded so far."""
        return [text for role, texts in self.batches for text in texts if role == "document"]

    def encode(self, texts: Sequence[str], role: Role) -> Vectors:
        self.batches.append((role, tuple(texts)))
        rows = np.array([_counts(text) for text in texts], dtype=np.float32)
        return shorten(rows, self.identity.dimension)


class HeldEncoder(LetterEncoder):
    """Waits at each batch until it is let go, and tells when it waits."""

    def __init__(self) -> None:
        super().__init__()
        self.waits = threading.Semaphore(0)
        self.go = threading.Semaphore(0)

    def encode(self, texts: Sequence[str], role: Role) -> Vectors:
        self.waits.release()
        assert self.go.acquire(timeout=WAIT_SECONDS)
        return super().encode(texts, role)


class PickyEncoder(LetterEncoder):
    """Fails on every batch that holds the word "poison"."""

    def encode(self, texts: Sequence[str], role: Role) -> Vectors:
        if any("poison" in text for text in texts):
            raise RuntimeError("poisoned")
        return super().encode(texts, role)


class SettableClock:
    """A wall clock that moves when told, and a microsecond with each look so that no two looks are equal."""

    def __init__(self, now: datetime = MIDDAY) -> None:
        self._now = now

    def __call__(self) -> datetime:
        self._now += timedelta(microseconds=1)
        return self._now

    def forward(self, **by: float) -> None:
        self._now += timedelta(**by)


def a_snapshot(
    *texts: str,
    id: str = "s1",  # noqa: A002 - the field's name
    model: str = "letters",
    entries: Sequence[Entry] = (),
    index: Index | None = None,
) -> Snapshot:
    """A snapshot of these texts, each its own id, as LetterEncoder sees them."""
    encoder = LetterEncoder(name=model)
    held = sorted([*entries, *(Entry(id=text, text=text) for text in texts)], key=lambda entry: entry.id)
    whole = [entry.text for entry in held]
    parts = parts_of_all(held)
    vectors = (
        encoder.encode([*whole, *parts.texts], "document")
        if held
        else np.empty((0, encoder.identity.dimension), np.float32)
    )
    return Snapshot.of(
        id=id,
        knowledge_base="default",
        created=MIDDAY,
        model=encoder.identity,
        entries=held,
        vectors=vectors,
        index=index or ScanIndex(),
        parts=parts,
        read=len(held),
    )


def a_knowledge_base(folder: Path, *texts: str, name: str = "default", **keys: Any) -> config.KnowledgeBase:
    """One with these lines in a file of its own, refreshed by hand, whose scores are cosines."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{name}.txt"
    path.write_text("\n".join(texts), encoding="utf-8")
    given = {"refresh": "manual", "threshold": 0.8, "scoring": "cosine", **keys}
    return config.KnowledgeBase(name=name, source=(path.name,), base=folder, **given)


def some_settings(folder: Path, *bases: config.KnowledgeBase, **keys: Any) -> config.Engine:
    given = {"listen": "127.0.0.1:0", **keys}
    return config.Engine(data_dir=folder / "data", knowledge_base=bases, **given)


class RunningEngine:
    """A whole engine behind werkzeug's test client, and the words to ask it with."""

    def __init__(self, built: app.App) -> None:
        self.app = built
        self.wsgi = AsgiBridge(built.web)
        self.client = Client(self.wsgi)
        self.headers: dict[str, str] = {}

    def search(self, query: str, **fields: Any) -> Any:
        answer = self.client.post("/v1/search", json={"query": query, **fields}, headers=self.headers)
        assert answer.status_code == 200, answer.text
        return answer.get_json()

    def texts(self, query: str, **fields: Any) -> list[str]:
        return [match["text"] for match in self.search(query, **fields)["matches"]]

    def refresh(self, name: str = "default") -> Any:
        """Refresh by the route, and give what the route shows when that has ended."""
        accepted = self.client.post(f"/v1/knowledge-bases/{name}/refresh", headers=self.headers)
        assert accepted.status_code == 202, accepted.text
        return self.ended(accepted.get_json()["refresh"], name)

    def ended(self, refresh_id: str, name: str = "default") -> Any:
        assert self.app.knowledge.refresher.wait_for(name, refresh_id, WAIT_SECONDS)
        shown = self.client.get(f"/v1/knowledge-bases/{name}", headers=self.headers).get_json()
        return next(each for each in shown["refreshes"] if each["id"] == refresh_id)

    def is_settled(self) -> RunningEngine:
        """Wait until the model is loaded and each knowledge base is served as it should be."""
        knowledge = self.app.knowledge
        assert knowledge.batcher.wait_until_loaded(WAIT_SECONDS)
        assert knowledge.refresher.wait_until_caught_up(WAIT_SECONDS)
        for name in knowledge.knowledge_bases:
            for each in knowledge.refresher.recent(name):
                assert knowledge.refresher.wait_for(name, each.id, WAIT_SECONDS)
        return self


@contextmanager
def an_engine(
    settings: config.Engine,
    encoder: Callable[[], Encoder] = LetterEncoder,
    now: Callable[[], datetime] | None = None,
    scanner_on: Callable[[str], Scanner] | None = None,
) -> Iterator[RunningEngine]:
    """An engine with its folder open, stopped at the end. It does not listen and keeps no schedule."""

    def indexes(table: Table, device: ModelDevice) -> MakeIndex:
        if scanner_on is None:
            return registry.indexes(table, device)
        return lambda _name: ScanIndex(device, scanner_on)

    edges = app.Edges(load_encoder=lambda _model: encoder(), now=now or SettableClock(), indexes=indexes)
    built = app.build(settings, edges)
    built.open()
    try:
        yield RunningEngine(built)
    finally:
        built.stop()


def _counts(text: str) -> list[float]:
    lowered = text.lower()
    return [*(float(lowered.count(letter)) for letter in LETTERS), 0.01]
