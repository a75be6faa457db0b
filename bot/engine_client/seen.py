"""Monotonic reads: the newest snapshots that answers came from, so that no later one is from an older."""

from __future__ import annotations

import threading

from bot.domain import Clock

KEPT_SECONDS = 60.0
"""Without an answer from a snapshot for so long, an older one will do: its engines may be gone for good."""


class SeenSnapshots:
    """The newest snapshot seen of each knowledge base. Safe to use from several threads."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._seen: dict[str, tuple[int, float]] = {}

    def least(self, knowledge_base: str) -> int | None:
        """The lowest snapshot number that may answer now; None for any."""
        with self._lock:
            number, at = self._seen.get(knowledge_base, (0, 0.0))
        return number if number and self._clock.steady() - at < KEPT_SECONDS else None

    def note(self, knowledge_base: str, number: int) -> None:
        """Remember that an answer came from this snapshot."""
        now = self._clock.steady()
        with self._lock:
            newest, at = self._seen.get(knowledge_base, (0, 0.0))
            if number >= newest or now - at >= KEPT_SECONDS:
                self._seen[knowledge_base] = number, now
