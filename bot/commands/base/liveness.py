"""Waiting a moment for a change of the knowledge base to be found."""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal, Protocol

from bot.domain import EngineError
from bot.engine_client import RefreshState

LOOKS, LOOK_SECONDS = 8, 0.25  # two seconds

Liveness = Literal["live", "soon", "failed"]


class Refreshes(Protocol):
    def refresh_state(self, knowledge_base: str, refresh: str) -> RefreshState: ...


def wait_until_live(
    engine: Refreshes, knowledge_base: str, refresh: str, wait: Callable[[float], None]
) -> Liveness:
    """How far this refresh is after two seconds at most.

    The change is saved by now, so an engine that goes away undoes nothing: it is live "soon".
    """
    for _ in range(LOOKS):
        try:
            state = engine.refresh_state(knowledge_base, refresh)
        except EngineError:
            break
        if state == "done":
            return "live"
        if state == "failed":
            return "failed"
        wait(LOOK_SECONDS)
    return "soon"
