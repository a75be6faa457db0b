"""The console's share of the web threads: acknowledging a platform's webhooks comes first.

Of all threads half may be inside the console, and one in eight at work there, because pages that
are made at once share an interpreter with whoever acknowledges. Who comes on top of that is asked
to come again in a second. A question to a slow engine thus never leaves the platforms without a
thread.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager

WAIT_SECONDS = 10.0


class Budget:
    def __init__(self, web_threads: int) -> None:
        self._inside = threading.Semaphore(max(1, web_threads // 2))
        self._working = threading.Semaphore(max(1, web_threads // 8))

    @contextmanager
    def place(self) -> Iterator[bool]:
        """A place at work, for the length of the block; False when there is none to be had."""
        if not self._inside.acquire(blocking=False):
            yield False
            return
        try:
            is_mine = self._working.acquire(timeout=WAIT_SECONDS)
            try:
                yield is_mine
            finally:
                if is_mine:
                    self._working.release()
        finally:
            self._inside.release()
