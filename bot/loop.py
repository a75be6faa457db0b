"""A thread that repeats one step."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable

log = logging.getLogger(__name__)


class Loop:
    """Repeats `step`, `wait` seconds after the last one ended, in a thread called `name`.

    The first step comes after the first wait. `stop` is idempotent, also before `start`, and
    returns when the step under way has ended. A step that raises is logged and repeated: a
    loop never dies of one step.
    """

    def __init__(self, step: Callable[[], object], wait: float, name: str) -> None:
        self._step = step
        self._wait = wait
        self._name = name
        self._stopping = threading.Event()
        self._thread: threading.Thread | None = None

    def start(self) -> None:
        self._stopping.clear()
        self._thread = threading.Thread(target=self._repeat, name=self._name, daemon=True)
        self._thread.start()

    def stop(self) -> None:
        self._stopping.set()
        if self._thread is not None:
            self._thread.join()
            self._thread = None

    def _repeat(self) -> None:
        while not self._stopping.wait(self._wait):
            try:
                self._step()
            except Exception:
                log.exception("step_failed", extra={"loop": self._name})
