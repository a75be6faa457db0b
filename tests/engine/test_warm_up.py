from __future__ import annotations

import subprocess
import sys
import threading
from pathlib import Path

import pytest

from engine import app
from engine.warm_up import WarmUp
from tests.support.engine import WAIT_SECONDS, HeldEncoder, LetterEncoder, a_knowledge_base, some_settings

REHEARSED = """
import sys
from engine.evaluation import Label, evaluate
from engine.evaluation.picture import drawn_curve, drawn_histogram
from engine.evaluation.rehearsal import drawn_once, evaluated_once
evaluated_once()
drawn_once()
before = set(sys.modules)
found = evaluate([Label(0.1 * at, at % 3 == 0, str(at)) for at in range(9)], precision=0.9, current=0.4)
drawn_curve(found, "zh")
drawn_histogram([0, 1, 2], [3, 4], "zh")
print(sorted(set(sys.modules) - before))
"""


class Rehearsal:
    """Work that waits to be let go, and tells that it was begun."""

    def __init__(self) -> None:
        self.begun = threading.Event()
        self.go = threading.Event()
        self.done: list[str] = []

    def first(self) -> None:
        self.begun.set()
        assert self.go.wait(WAIT_SECONDS)
        self.done.append("first")

    def second(self) -> None:
        self.done.append("second")


def ended(warming: WarmUp) -> None:
    """Returns when it has done all it ever will."""
    for thread in warmers():
        thread.join(WAIT_SECONDS)
        assert not thread.is_alive()
    warming.stop()


def warmers() -> list[threading.Thread]:
    return [thread for thread in threading.enumerate() if thread.name == "warming"]


def test_what_is_warm_imports_nothing_more() -> None:
    done = subprocess.run([sys.executable, "-c", REHEARSED], capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"


def test_everything_is_done_once_it_is_time() -> None:
    work, time = Rehearsal(), threading.Event()
    work.go.set()
    warming = WarmUp(lambda: time.wait(WAIT_SECONDS), (work.first, work.second), pause_seconds=0)
    warming.start()
    assert work.done == []
    time.set()
    ended(warming)
    assert work.done == ["first", "second"]


def test_nothing_is_done_when_the_time_does_not_come_or_the_pause_is_cut_short() -> None:
    work = Rehearsal()
    never = WarmUp(lambda: False, (work.first,), pause_seconds=0)
    never.start()
    ended(never)
    paused = WarmUp(lambda: True, (work.first,), pause_seconds=WAIT_SECONDS * 10)
    paused.start()
    paused.stop()
    ended(paused)
    assert not work.begun.is_set()


def test_a_stop_waits_for_the_work_in_hand_and_begins_no_other() -> None:
    work = Rehearsal()
    warming = WarmUp(lambda: True, (work.first, work.second), pause_seconds=0)
    warming.start()
    assert work.begun.wait(WAIT_SECONDS)
    stopping = threading.Thread(target=warming.stop)
    stopping.start()
    stopping.join(0.05)  # long enough for one that would not wait
    work.go.set()
    stopping.join(WAIT_SECONDS)
    assert work.done == ["first"]
    warming.stop()


def test_what_fails_is_logged_and_ends_it(caplog: pytest.LogCaptureFixture) -> None:
    work = Rehearsal()

    def broken() -> None:
        raise ImportError("no such library")

    warming = WarmUp(lambda: True, (broken, work.second), pause_seconds=0)
    warming.start()
    ended(warming)
    assert work.done == []
    assert "warming failed" in caplog.text


def test_an_engine_is_idle_when_its_first_refresh_has_ended(tmp_path: Path) -> None:
    held = HeldEncoder()
    base = a_knowledge_base(tmp_path, "apple", refresh="every 1h")
    built = app.build(some_settings(tmp_path, base), app.Edges(load_encoder=lambda _model: held))
    idle: list[bool] = []
    waiting = threading.Thread(target=lambda: idle.append(built.knowledge.refresher.wait_until_idle()))
    built.serve()
    try:
        waiting.start()
        assert held.waits.acquire(timeout=WAIT_SECONDS)
        assert idle == []
        held.go.release(100)
        waiting.join(WAIT_SECONDS)
        assert idle == [True]
        assert built.knowledge.snapshot_stores["default"].current is not None
    finally:
        built.stop()
    assert not built.knowledge.refresher.wait_until_idle()


def test_an_engine_that_serves_is_warm_in_the_end_and_one_that_is_only_open_is_not(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    settings = some_settings(tmp_path, a_knowledge_base(tmp_path, "apple"))
    edges = app.Edges(load_encoder=lambda _model: LetterEncoder(), pause_seconds=0)
    with caplog.at_level("INFO"):
        opened = app.build(settings, edges)
        opened.open()
        assert warmers() == []
        opened.stop()
        serving = app.build(settings, edges)
        serving.serve()
        try:
            for thread in warmers():
                thread.join(WAIT_SECONDS)
        finally:
            serving.stop()
    assert "warm" in caplog.messages
