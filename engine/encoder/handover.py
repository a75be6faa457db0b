"""Results from the encoding thread to the event loops that wait, in one call for each loop and batch."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from concurrent.futures import Future
from contextlib import suppress
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Waiter:
    """A waiter for an outcome, in an event loop."""

    loop: asyncio.AbstractEventLoop
    future: asyncio.Future[Any]


def deliver(answered: Iterable[tuple[Waiter, Future[Any]]]) -> None:
    """Give each waiter its outcome, which is known or was given up.

    A loop is woken once for all that are its: waking costs a system call, and while that runs any
    other thread takes the interpreter.
    """
    of_each_loop: dict[asyncio.AbstractEventLoop, list[tuple[asyncio.Future[Any], Future[Any]]]] = {}
    for waiter, outcome in answered:
        of_each_loop.setdefault(waiter.loop, []).append((waiter.future, outcome))
    for loop, outcomes in of_each_loop.items():
        with suppress(RuntimeError):  # the loop is closed: nobody waits in it any more
            loop.call_soon_threadsafe(_settle, outcomes)


def _settle(outcomes: list[tuple[asyncio.Future[Any], Future[Any]]]) -> None:
    for future, outcome in outcomes:
        if future.done() or outcome.cancelled():
            continue  # it was given up, and told so
        if problem := outcome.exception():
            future.set_exception(problem)
        else:
            future.set_result(outcome.result())
