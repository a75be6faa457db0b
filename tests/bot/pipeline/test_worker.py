"""The workers survive what they are given."""

from __future__ import annotations

import threading
from collections.abc import Iterator

import pytest

from bot.domain import Clock
from bot.metrics import Metrics
from bot.pipeline.rendezvous import ResponseSlots
from bot.pipeline.worker import Bell, Worker, Workers
from bot.store import StoreError


class Idle:
    """An inbox and an outbox in which nothing is due."""

    def next_due(self) -> float | None:
        return None

    def rescue(self, *, all_leases: bool) -> int:  # noqa: ARG002 - the store's signature
        return 0


class ScriptedWorker:
    """Its steps go as the script says; then it has nothing to do."""

    def __init__(self, *script: Exception | bool) -> None:
        self._script: Iterator[Exception | bool] = iter(script)
        self.is_through = threading.Event()

    def step(self) -> bool:
        event = next(self._script, None)
        if event is None:
            self.is_through.set()
            return False
        if isinstance(event, Exception):
            raise event
        return event

    def renew(self) -> None:
        """Nothing is in hand."""


@pytest.mark.parametrize("trouble", [StoreError("locked"), ValueError("a mistake of ours")])
def test_a_worker_goes_on_after_a_step_that_raised(trouble: Exception) -> None:
    worker, idle = ScriptedWorker(True, trouble, True), Idle()
    workers = Workers(worker, Bell(), inbox=idle, outbox=idle, clock=Clock(), count=1)  # type: ignore[arg-type]
    workers.start()
    assert worker.is_through.wait(10)
    workers.stop()


def test_stopping_twice_is_fine_and_so_is_stopping_what_never_started() -> None:
    idle = Idle()
    workers = Workers(ScriptedWorker(), Bell(), inbox=idle, outbox=idle, clock=Clock(), count=2)  # type: ignore[arg-type]
    workers.stop()
    workers.stop()


def test_a_ring_while_nobody_sleeps_is_not_lost() -> None:
    bell = Bell()
    heard = bell.rings
    bell.ring()
    bell.wait(heard, 60)  # returns at once, or the suite's patience ends


def test_a_closed_bell_lets_nobody_sleep() -> None:
    bell = Bell()
    bell.close()
    bell.wait(bell.rings, None)


class Asked:
    """An inbox or an outbox that writes down when it is asked for work, and has none."""

    def __init__(self, name: str, heard: list[str]) -> None:
        self._name = name
        self._heard = heard

    def claim(self) -> None:
        self._heard.append(self._name)


def test_replies_that_are_due_take_turns_with_new_messages() -> None:
    """REL32. Whoever is asked first goes first, so neither waits for the other's line to be empty."""
    heard: list[str] = []
    worker = Worker(
        inbox=Asked("message", heard),  # type: ignore[arg-type]
        outbox=Asked("reply", heard),  # type: ignore[arg-type]
        responder=None,  # type: ignore[arg-type]
        platforms={},
        response_slots=ResponseSlots(slots=1),
        metrics=Metrics(),
    )
    for _ in range(4):
        worker.step()
    assert heard[::2] == ["message", "reply", "message", "reply"]
