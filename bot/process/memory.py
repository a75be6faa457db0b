"""One malloc arena for all threads, where glibc would make many: freed memory is used again.

Each thread's own heap keeps what was freed in it and is never given to the others. Over 15,000 events
the bot took 26 MiB more with them than with one, and went on growing (`benchmarks/faults.md`).
"""

from __future__ import annotations

import ctypes

_M_ARENA_MAX = -8


def use_one_heap() -> bool:
    """Call before there are threads. False where the system's library has no such knob."""
    library = ctypes.CDLL(None)
    if not hasattr(library, "mallopt"):
        return False
    return bool(library.mallopt(_M_ARENA_MAX, 1) == 1)
