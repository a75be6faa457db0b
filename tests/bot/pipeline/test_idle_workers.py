"""Sleeping workers are woken for work, or handed it, and nothing is missed in between."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from contextlib import contextmanager

import pytest

from bot.domain import Clock, InboxItem
from bot.pipeline.idle_workers import IdleWorkers
from tests.bot.store.building import a_message

# Far above what anything here takes: only a hang is cut.
HANG_SECONDS = 30.0


def an_item(number: int = 1) -> InboxItem:
    return InboxItem(number, a_message(str(number)), lease=1, attempt=1)


class Sleepers:
    """Workers that sleep."""

    def __init__(self, idle: IdleWorkers, pool: ThreadPoolExecutor) -> None:
        self._idle = idle
        self._pool = pool

    def one_more(self, seconds: float | None = None) -> Future[InboxItem | None]:
        """Returns once one more sleeps, for so long; what wakes it is the result."""
        before = self._idle.asleep
        asleep = self._pool.submit(self._idle.sleep, self._idle.wakes, seconds)
        while self._idle.asleep == before and not asleep.done():
            pass
        return asleep


@contextmanager
def some_sleepers() -> Iterator[tuple[IdleWorkers, Sleepers]]:
    idle = IdleWorkers(Clock())
    with ThreadPoolExecutor(4) as pool:
        try:
            yield idle, Sleepers(idle, pool)
        finally:
            idle.close()


def test_a_wake_while_nobody_sleeps_is_not_lost() -> None:
    idle = IdleWorkers(Clock())
    woken = idle.wakes
    idle.wake()
    assert idle.sleep(woken, HANG_SECONDS * 100) is None


def test_once_closed_nobody_sleeps() -> None:
    idle = IdleWorkers(Clock())
    idle.close()
    assert idle.sleep(idle.wakes, None) is None


def test_a_wake_wakes_one_worker_and_keeps_nobody_else_awake() -> None:
    with some_sleepers() as (idle, sleepers):
        both = sleepers.one_more(), sleepers.one_more()
        idle.wake()
        assert idle.asleep == 1
        assert idle.wakes == 0
        woken, _ = wait(both, HANG_SECONDS, FIRST_COMPLETED)
        assert [one.result() for one in woken] == [None]


def test_a_reserved_worker_is_handed_the_item() -> None:
    with some_sleepers() as (idle, sleepers):
        asleep = sleepers.one_more()
        with idle.reserve() as hand_over:
            assert hand_over is not None
            with idle.reserve() as none_left:
                assert none_left is None
            hand_over(an_item())
        assert asleep.result(HANG_SECONDS) == an_item()


def test_a_reserved_worker_that_is_handed_nothing_sleeps_on() -> None:
    with some_sleepers() as (idle, sleepers):
        asleep = sleepers.one_more()
        with idle.reserve() as hand_over:
            assert hand_over is not None
        assert not asleep.done()
        with idle.reserve() as again:
            assert again is not None
            again(an_item())
        assert asleep.result(HANG_SECONDS) == an_item()


def test_a_wake_while_the_only_sleeper_is_reserved_is_not_lost() -> None:
    with some_sleepers() as (idle, sleepers):
        asleep = sleepers.one_more()
        with idle.reserve():
            idle.wake()
        assert asleep.result(HANG_SECONDS) is None


def test_a_worker_that_knows_when_work_comes_due_is_called_last() -> None:
    with some_sleepers() as (idle, sleepers):
        knows = sleepers.one_more(HANG_SECONDS * 100)
        does_not = sleepers.one_more(None)
        later = sleepers.one_more(HANG_SECONDS * 200)
        called = []
        for number, asleep in enumerate((does_not, later, knows)):
            with idle.reserve() as hand_over:
                assert hand_over is not None
                hand_over(an_item(number))
            called.append(asleep.result(HANG_SECONDS))
        assert called == [an_item(0), an_item(1), an_item(2)]


def test_a_worker_whose_time_is_over_while_it_is_reserved_gets_the_item_all_the_same() -> None:
    with some_sleepers() as (idle, sleepers):
        asleep = sleepers.one_more(0.3)
        with idle.reserve() as hand_over:
            if hand_over is None:
                pytest.skip("this machine took 0.3 s for nothing")
            with pytest.raises(TimeoutError):
                asleep.result(0.4)
            hand_over(an_item())
        assert asleep.result(HANG_SECONDS) == an_item()


def test_time_that_is_over_ends_a_sleep() -> None:
    assert IdleWorkers(Clock()).sleep(0, 0.01) is None
