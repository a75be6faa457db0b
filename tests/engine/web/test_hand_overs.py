"""The design of a question's way: how often it changes threads, and what is done together."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
import requests
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from engine.encoder import Role
from engine.index.protocol import RowSearch, SearchSpec, TopRows
from engine.index.scan import Compressed, Scan
from engine.index.score import Floats
from engine.web import Server
from tests.support.engine import (
    WAIT_SECONDS,
    LetterEncoder,
    RunningEngine,
    a_knowledge_base,
    an_engine,
    some_settings,
)

CROWD = 12
MOST_HAND_OVERS_EACH_WAY = 2


class Seen:
    """What was done, with how many questions, and by which thread."""

    def __init__(self) -> None:
        self.steps: list[tuple[str, int, int]] = []

    def note(self, step: str, questions: int = 1) -> None:
        self.steps.append((step, questions, threading.get_ident()))

    def hand_overs(self, first: str, last: str) -> int:
        """How often the thread changed from the first of one step to the last of another."""
        names = [step for step, _, _ in self.steps]
        until = len(names) - names[::-1].index(last)
        threads = [thread for _, _, thread in self.steps[names.index(first) : until]]
        return sum(one != other for one, other in pairwise(threads))


class WatchedEncoder(LetterEncoder):
    """Notes questions, and keeps them waiting while it is shut."""

    def __init__(self, seen: Seen) -> None:
        super().__init__()
        self.seen = seen
        self.is_asked = threading.Event()
        self.is_open = threading.Event()
        self.is_open.set()

    def encode(self, texts: Sequence[str], role: Role) -> Any:
        if role == "query":
            self.seen.note("encode", len(texts))
            self.is_asked.set()
            assert self.is_open.wait(WAIT_SECONDS)
        return super().encode(texts, role)


class WatchedScan(Scan):
    """Notes passes over the rows, wherever these are kept."""

    seen: Seen

    def rebased_on(self, vectors: Floats) -> WatchedScan:
        return watched_scan(self.seen, vectors, self.compressed)

    def search(self, questions: Floats, wanted: Sequence[SearchSpec]) -> list[TopRows]:
        self.seen.note("search", len(wanted))
        return super().search(questions, wanted)


def watched_scan(seen: Seen, matrix: Floats, compressed: Compressed | None) -> WatchedScan:
    scan = WatchedScan(matrix, compressed)
    scan.seen = seen
    return scan


class Rig:
    def __init__(self, engine: RunningEngine, encoder: WatchedEncoder, server: Server, seen: Seen) -> None:
        self.engine, self.encoder, self.seen = engine, encoder, seen
        self._address = f"http://{server.address}/v1/search"

    def ask(self, query: str = "apple") -> None:
        answer = requests.post(self._address, json={"query": query}, timeout=WAIT_SECONDS)
        assert answer.status_code == 200, answer.text


@pytest.fixture
def rig(tmp_path: Path) -> Iterator[Rig]:
    seen = Seen()
    encoder = WatchedEncoder(seen)

    def watched(matrix: Floats, compressed: Compressed | None) -> RowSearch:
        return watched_scan(seen, matrix, compressed)

    settings = some_settings(tmp_path, a_knowledge_base(tmp_path, "apple", "pear"))
    with an_engine(settings, lambda: encoder, scanner_on=lambda _device: watched) as engine:
        engine.is_settled()
        with serving(noting(engine.app.web, seen)) as server:
            rig = Rig(engine, encoder, server, seen)
            rig.ask()  # what is started at the first question is started now
            seen.steps.clear()
            yield rig


@contextmanager
def serving(app: ASGIApp) -> Iterator[Server]:
    server = Server(app, "127.0.0.1:0")
    server.start()
    yield server
    server.stop()


def noting(app: ASGIApp, seen: Seen) -> ASGIApp:
    async def watched(scope: Scope, receive: Receive, send: Send) -> None:
        async def note_received() -> Message:
            seen.note("receive")
            return await receive()

        async def note_sent(message: Message) -> None:
            seen.note("send")
            await send(message)

        await app(scope, note_received, note_sent)

    return watched


def test_a_question_changes_threads_once_on_its_way_and_once_on_its_way_back(rig: Rig) -> None:
    rig.ask()

    there, back = rig.seen.hand_overs("receive", "search"), rig.seen.hand_overs("encode", "send")
    assert [step for step, _, _ in rig.seen.steps if step in {"encode", "search"}] == ["encode", "search"]
    assert (there, back) == (1, 1)
    assert max(there, back) <= MOST_HAND_OVERS_EACH_WAY


def test_what_waits_is_encoded_together_and_searched_together(rig: Rig) -> None:
    rig.encoder.is_open.clear()
    rig.encoder.is_asked.clear()
    crowd = [threading.Thread(target=rig.ask) for _ in range(1 + CROWD)]
    crowd[0].start()
    assert rig.encoder.is_asked.wait(WAIT_SECONDS)
    threads = threading.active_count()
    for each in crowd[1:]:
        each.start()
    while rig.engine.app.knowledge.batcher.waiting < CROWD:
        crowd[1].join(0.001)
    threads_of_the_engine = threading.active_count() - CROWD
    rig.encoder.is_open.set()
    for each in crowd:
        each.join(WAIT_SECONDS)

    done = [(step, questions) for step, questions, _ in rig.seen.steps if step in {"encode", "search"}]
    assert done == [("encode", 1), ("search", 1), ("encode", CROWD), ("search", CROWD)]
    assert threads_of_the_engine == threads, "a question took a thread of its own"
