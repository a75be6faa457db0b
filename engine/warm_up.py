"""Warm-up: in the background, once, what would otherwise make the first request wait.

    start ──► until(): the engine is ready and idle ──► a pause ──► work, work, … ──► the end

Nothing here knows what the work is.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Sequence

# Whoever waited for the start asks first; whoever restarts at once needs none of it.
PAUSE_SECONDS = 30.0
STOP_SECONDS = (
    5.0  # a library that is being imported cannot be interrupted, and must not keep the program alive
)

_log = logging.getLogger(__name__)


class WarmUp:
    """`until` returns when it is time, or False when that will not come: it is asked to end elsewhere.

    `stop` returns when the work in hand is done, or after some seconds.
    """

    def __init__(
        self,
        until: Callable[[], bool],
        works: Sequence[Callable[[], object]],
        *,
        pause_seconds: float = PAUSE_SECONDS,
    ) -> None:
        self._until = until
        self._works = works
        self._pause_seconds = pause_seconds
        self._stopping = threading.Event()
        self._thread: threading.Thread | None = None

    def start(self) -> None:
        self._thread = threading.Thread(target=self._run, name="warming", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        self._stopping.set()
        if self._thread:
            self._thread.join(STOP_SECONDS)
            self._thread = None

    def _run(self) -> None:
        if not self._until() or self._stopping.wait(self._pause_seconds):
            return
        started = time.monotonic()
        for work in self._works:
            if self._stopping.is_set():
                return
            try:
                work()
            except Exception:  # noqa: BLE001 - the top of a thread; whoever asks for it later is told what is wrong
                _log.exception("warming failed")
                return
        _log.info("warm", extra={"seconds": round(time.monotonic() - started, 2)})
