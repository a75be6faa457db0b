"""A circuit breaker for index servers: one that is away gets no calls for a moment, so nothing queues.

Whoever comes within that moment is refused at once, with what was found; whoever comes after it finds out
whether the server is back. That it went and that it is back is logged once each.
"""

from __future__ import annotations

import logging
import math
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from engine.domain import NotReady

PAUSE_SECONDS = 2.0

_log = logging.getLogger(__name__)


class Away(NotReady):
    """The server of an index cannot be reached now."""


class Outage:
    """Whether one server was away when it was last asked. Several threads may use it at once."""

    def __init__(self, server: str, steady: Callable[[], float] = time.monotonic) -> None:
        """`server` is what the log calls it, without secrets."""
        self._server = server
        self._steady = steady
        self._found: Away | None = None
        self._found_at = -math.inf

    @contextmanager
    def watch(self) -> Iterator[None]:
        """Ask the server something in here, and raise Away if it is.

        Raises:
            NotReady: it was away a moment ago; nothing in here is done.
        """
        found = self._found
        if found and self._steady() - self._found_at < PAUSE_SECONDS:
            raise NotReady(found.message)
        try:
            yield
        except Away as problem:
            if not self._found:
                _log.error("index does not answer", extra={"reason": problem.message})
            self._found, self._found_at = problem, self._steady()
            raise
        if self._found:
            _log.warning("index answers again", extra={"index": self._server})
        self._found = None
