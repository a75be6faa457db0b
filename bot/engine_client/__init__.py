"""The only place that knows the engine's HTTP.

Every call ends within five seconds, however the engine behaves, and gives either an
answer that was checked or an `EngineError`.
"""

from __future__ import annotations

from bot.engine_client.breaker import Breaker
from bot.engine_client.client import Added, Dropped, EngineClient, Entry, Ready, RefreshState

__all__ = ["Added", "Breaker", "Dropped", "EngineClient", "Entry", "Ready", "RefreshState"]
