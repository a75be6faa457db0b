"""A check that the data folder is still the one that was opened, and can be written to.

A program goes on writing into a folder that was deleted, moved or replaced, and is told of no error:
device and inode tell. A full disk, or one that refuses to sync, is found by writing a little.
"""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable
from pathlib import Path

_PARTS = ("", "lock", "managed", "snapshots")
_PROBE = "probe"
# A new file each time: one that is there already may be written again where nothing new has room.
_PROBE_BYTES = 64 * 1024
TRUSTED_SECONDS = 2.0


class DataFolder:
    """Looked at by everybody who is about to write; written to every TRUSTED_SECONDS at most."""

    def __init__(self, path: Path, *, steady: Callable[[], float] = time.monotonic) -> None:
        self._path = path
        self._steady = steady
        self._known: dict[Path, tuple[int, int]] = {}
        self._lock = threading.Lock()
        self._tried = float("-inf")
        self._refusal = ""

    def begin(self) -> None:
        """Remember the folder as it is: it has just been opened."""
        self._known, self._tried = {}, float("-inf")
        self._missing_part()

    def problem(self) -> str:
        """A sentence on the first thing that is wrong with it; "" when it can be relied on."""
        return self._missing_part() or self._probe()

    def _missing_part(self) -> str:
        for part in _PARTS:
            path = self._path / part
            found = _identity(path)
            if found and path not in self._known:
                self._known[path] = found  # some are made with the first entry
            if found != self._known.get(path):
                what = "is gone" if found is None else "is another than the one that was opened"
                return f"{path} {what}; nothing is taken until it is back, or the engine is started again"
        return ""

    def _probe(self) -> str:
        with self._lock:
            if self._known and self._steady() - self._tried >= TRUSTED_SECONDS:
                self._refusal = _write(self._path / _PROBE)
                self._tried = self._steady()
            return self._refusal


def _identity(path: Path) -> tuple[int, int] | None:
    try:
        found = path.stat()
    except OSError:
        return None
    return found.st_dev, found.st_ino


def _write(path: Path) -> str:
    try:
        try:
            with path.open("wb") as file:
                file.write(bytes(_PROBE_BYTES))
                file.flush()
                os.fsync(file.fileno())
        finally:
            path.unlink(missing_ok=True)
    except OSError as problem:
        return f"nothing can be written to {path.parent}: {problem.strerror or problem}"
    return ""
