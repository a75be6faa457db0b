"""The only place that knows the engine's HTTP.

Every call ends within five seconds (one that measures or draws, within twenty-one),
however the engine behaves, and gives either an answer that was checked or an `EngineError`.
"""

from __future__ import annotations

from bot.engine_client.analysis import (
    Chosen,
    Evaluated,
    Inspected,
    Judged,
    Point,
)
from bot.engine_client.breaker import Breaker
from bot.engine_client.client import EngineClient, Loading, Ready
from bot.engine_client.entries import Added, Contradicted, Entry
from bot.engine_client.teaching import ShownEntry, Taught, Tried, Wording

__all__ = [
    "Added",
    "Breaker",
    "Chosen",
    "Contradicted",
    "EngineClient",
    "Entry",
    "Evaluated",
    "Inspected",
    "Judged",
    "Loading",
    "Point",
    "Ready",
    "ShownEntry",
    "Taught",
    "Tried",
    "Wording",
]
