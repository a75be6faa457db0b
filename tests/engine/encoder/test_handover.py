"""From the thread that answers back to the loops that asked."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from concurrent.futures import Future
from typing import Any

import pytest

from engine.encoder.handover import Waiter, deliver


class CountingLoop(asyncio.SelectorEventLoop):
    """Counts how often another thread wakes it."""

    wakes = 0

    def call_soon_threadsafe(  # type: ignore[override]  # as generic as the original, in fewer words
        self, callback: Callable[..., object], *args: Any, context: Any = None
    ) -> Any:
        self.wakes += 1
        return super().call_soon_threadsafe(callback, *args, context=context)


def known(result: object) -> Future[Any]:
    outcome: Future[Any] = Future()
    if isinstance(result, Exception):
        outcome.set_exception(result)
    else:
        outcome.set_result(result)
    return outcome


def answered(outcomes: list[Future[Any]], give_up: int | None = None) -> tuple[list[Any], int]:
    """What those who wait in a loop hear of outcomes from another thread, and how often the loop woke."""
    loop = CountingLoop()

    async def wait() -> list[Any]:
        waiters = [Waiter(loop, loop.create_future()) for _ in outcomes]
        if give_up is not None:
            waiters[give_up].future.set_result("gave up")
        other = threading.Thread(target=deliver, args=[list(zip(waiters, outcomes, strict=True))])
        other.start()
        return await asyncio.gather(*(each.future for each in waiters), return_exceptions=True)

    with asyncio.Runner(loop_factory=lambda: loop) as runner:
        return runner.run(wait()), loop.wakes


def test_a_batch_wakes_its_loop_once() -> None:
    assert answered([known(number) for number in range(20)]) == (list(range(20)), 1)


def test_each_gets_its_own_failure() -> None:
    failed = KeyError("x")
    assert answered([known(1), known(failed), known(3)])[0] == [1, failed, 3]


def test_whoever_gave_up_is_left_alone() -> None:
    cancelled: Future[Any] = Future()
    cancelled.cancel()
    assert answered([known(1), cancelled, known(3)], give_up=1)[0] == [1, "gave up", 3]


def test_a_loop_that_is_gone_takes_nothing_from_the_others() -> None:
    gone = asyncio.new_event_loop()
    nobody = gone.create_future()
    gone.close()
    loop = asyncio.new_event_loop()
    somebody = loop.create_future()
    deliver([(Waiter(gone, nobody), known(1)), (Waiter(loop, somebody), known(2))])
    assert loop.run_until_complete(somebody) == 2
    loop.close()


@pytest.mark.parametrize("outcomes", [[], [known(1)]])
def test_few_are_delivered_as_well(outcomes: list[Future[Any]]) -> None:
    assert answered(outcomes)[0] == [each.result() for each in outcomes]
