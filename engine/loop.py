"""A thread that repeats one step: woken when there is work, and stopped once for all.

    start ──► step() ──► had work ──► step() …
                 └─► had none ──► waits for `wake`, at most `pause_seconds` ─► step() …

`start` and `stop` may be called twice, and `stop` without `start`.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Iterable

STOP_SECONDS = 5.0  # work that hangs must not keep the program alive
_AFTER_AN_ERROR_SECONDS = 1.0

_log = logging.getLogger(__name__)


class Loop:
    """Calls `step` until stopped; it says whether there was work.

    What `step` raises is logged, and the loop goes on after a second.
    """

    def __init__(self, name: str, step: Callable[[], bool], *, pause_seconds: float | None = None) -> None:
        self.name = name
        self._step = step
        self._pause_seconds = pause_seconds
        self._awake = threading.Event()
        self._stopping = threading.Event()
        self._lock = threading.Lock()
        self._thread: threading.Thread | None = None

    def start(self) -> None:
        with self._lock:
            if self._thread is None and not self._stopping.is_set():
                self._thread = threading.Thread(target=self._run, name=self.name, daemon=True)
                self._thread.start()

    def wake(self) -> None:
        self._awake.set()

    def stop(self) -> None:
        """End, and return when the thread is gone, or after STOP_SECONDS when its step hangs."""
        stop_all([self])

    def _run(self) -> None:
        while not self._stopping.is_set():
            self._awake.clear()
            try:
                had_work = self._step()
            except Exception:  # noqa: BLE001 - the top of a thread: one step may fail, the thread may not
                _log.exception("loop broke", extra={"loop": self.name})
                had_work = False
                self._stopping.wait(_AFTER_AN_ERROR_SECONDS)
            if not had_work and not self._stopping.is_set():
                self._awake.wait(self._pause_seconds)

    def end(self) -> None:
        """Let no step begin any more, without waiting for the one in hand."""
        self._stopping.set()
        self._awake.set()

    def join(self, seconds: float) -> None:
        """Wait until the thread is gone, at most this long."""
        with self._lock:  # a thread that another is just starting cannot be joined yet
            thread = self._thread
        if thread and thread is not threading.current_thread():
            thread.join(seconds)


def stop_all(loops: Iterable[Loop]) -> None:
    """Stop these together: no longer than it takes to stop one."""
    loops = list(loops)
    for each in loops:
        each.end()
    until = time.monotonic() + STOP_SECONDS
    for each in loops:
        each.join(max(0.0, until - time.monotonic()))
