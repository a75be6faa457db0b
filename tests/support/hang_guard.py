"""A bound that only a hang can reach: tests pass on a busy machine, too."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager

# Far above every limit that the programs set themselves; how fast they are is measured in benchmarks/.
HANG_SECONDS = 60.0


@contextmanager
def hang_guard() -> Iterator[None]:
    """The body must end within `HANG_SECONDS`; otherwise the test fails when it does."""
    began = time.monotonic()
    yield
    took = time.monotonic() - began
    if took > HANG_SECONDS:
        raise AssertionError(f"it hung: {took:.0f} s, and {HANG_SECONDS:.0f} s are far above every limit")
