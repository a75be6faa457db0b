"""Work that another process left is noticed, and nothing else rings."""

from __future__ import annotations

import threading
from collections.abc import Iterator

import pytest

from bot.domain import Clock
from bot.pipeline.idle_workers import IdleWorkers
from bot.pipeline.poller import Poller
from bot.store import Due, StoreError


@pytest.mark.parametrize(
    ("inbox", "outbox", "is_due"),
    [(None, None, False), (60.0, None, False), (0.0, None, True), (None, 0.0, True), (60.0, -5.0, True)],
)
def test_it_rings_while_something_is_due(inbox: float | None, outbox: float | None, is_due: bool) -> None:
    clock = Clock(lambda: 1000.0, lambda: 0.0)
    idle = IdleWorkers(clock)

    def at(seconds: float | None) -> float | None:
        return None if seconds is None else clock.steady() + seconds

    poller = Poller(look=lambda: Due(at(inbox), at(outbox)), clock=clock, ring=idle.wake)
    assert poller.step() is is_due
    assert idle.wakes == int(is_due)


def test_it_goes_on_when_the_database_does_not_say() -> None:
    rung = threading.Event()
    answers: Iterator[StoreError | float] = iter([StoreError("away"), StoreError("away"), 0.0])

    def look() -> Due:
        answer = next(answers, 0.0)
        if isinstance(answer, StoreError):
            raise answer
        return Due(message=answer, reply=None)

    poller = Poller(look=look, clock=Clock(), ring=rung.set)
    poller.stop()
    poller = Poller(look=look, clock=Clock(), ring=rung.set)
    poller.start()
    assert rung.wait(10)
    poller.stop()
    poller.stop()
