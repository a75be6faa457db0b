"""A loop goes on after a step that fails, and ends when it is told to, as often as it is."""

from __future__ import annotations

import threading

from bot.loop import Loop
from tests.support.hang_guard import HANG_SECONDS


def test_a_step_that_fails_is_repeated_and_no_step_comes_after_the_end() -> None:
    steps: list[int] = []
    third = threading.Event()

    def step() -> None:
        steps.append(len(steps))
        if len(steps) == 3:
            third.set()
        raise ValueError("this step fails")

    loop = Loop(step, 0.001, "test")
    loop.start()
    assert third.wait(HANG_SECONDS)
    loop.stop()
    made = len(steps)
    loop.stop()
    assert len(steps) == made


def test_stopping_what_never_started_is_nothing() -> None:
    steps: list[int] = []
    Loop(lambda: steps.append(1), 0.0, "test").stop()
    assert steps == []
