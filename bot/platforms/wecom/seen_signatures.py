"""Replay protection: the signatures of received requests, so that a repeated one is recognised."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable

# For so long the platform gives no nonce a second time.
_SECONDS = 2 * 60 * 60
_LIMIT = 20_000


class SeenSignatures:
    """The signatures of the last two hours.

    A signature covers token, timestamp, nonce and ciphertext, so it is the request's name.
    Bounded: of more than `limit` the oldest are forgotten first.
    """

    def __init__(self, steady: Callable[[], float], *, limit: int = _LIMIT) -> None:
        self._steady = steady
        self._limit = limit
        self._seen: OrderedDict[str, float] = OrderedDict()
        self._lock = threading.Lock()

    def __len__(self) -> int:
        return len(self._seen)

    def add(self, signature: str) -> bool:
        """Remember a signature; whether it came before."""
        now = self._steady()
        with self._lock:
            while self._seen and now - next(iter(self._seen.values())) >= _SECONDS:
                self._seen.popitem(last=False)
            if signature in self._seen:
                return True
            if len(self._seen) >= self._limit:
                self._seen.popitem(last=False)
            self._seen[signature] = now
            return False
