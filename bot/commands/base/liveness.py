"""Waiting a moment for a change of the knowledge base to be found."""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal, Protocol

from bot.domain import EngineError, Refreshed

LOOKS, LOOK_SECONDS = 8, 0.25  # two seconds

Liveness = Literal["live", "soon", "failed"]


class Refreshes(Protocol):
    def refreshed(self, knowledge_base: str, refresh: str) -> Refreshed | None: ...


def wait_until_live(
    engine: Refreshes, knowledge_base: str, refresh: str, wait: Callable[[float], None]
) -> Liveness:
    """How far this refresh is after two seconds at most.

    The change is saved by now, so an engine that goes away undoes nothing: it is live "soon".
    """
    for _ in range(LOOKS):
        try:
            refreshed = engine.refreshed(knowledge_base, refresh)
        except EngineError:
            break
        if refreshed is not None and refreshed.state != "running":
            return "live" if refreshed.state == "done" else "failed"
        wait(LOOK_SECONDS)
    return "soon"
