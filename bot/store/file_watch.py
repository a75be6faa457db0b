"""A check that the files of the database are still the ones that were opened.

SQLite goes on writing to a file that was deleted, moved or replaced, and says nothing: what is
committed then is lost with the process. Device and inode tell.
"""

from __future__ import annotations

import os
from pathlib import Path

# What a few messages take, and less than a disk has that anybody would call free.
PROBE_BYTES = 64 * 1024
_BESIDE = ("", "-wal", "-shm")


class FileWatch:
    """The database, its log and the index of its log; all three exist while a connection is open."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._known: dict[Path, tuple[int, int] | None] = {}

    def begin(self) -> None:
        """Remember the files as they are. A connection must be open, and stay so until `end`."""
        paths = (self._path.with_name(self._path.name + suffix) for suffix in _BESIDE)
        self._known = {path: found for path in paths if (found := _identity(path)) is not None}

    def end(self) -> None:
        self._known = {}

    def problem(self) -> str | None:
        """A sentence on the first file that is gone or another; None while all are in place. A few µs."""
        for path, known in self._known.items():
            found = _identity(path)
            if found != known:
                what = "is gone" if found is None else "is another file than the one that was opened"
                return f"{path} {what}; nothing is acknowledged until it is back, or the bot is started again"
        return None

    def try_disk(self) -> None:
        """Write and sync a new file beside the database, and delete it.

        A full disk is not met otherwise, as long as SQLite's log has room in what it took before.

        Raises:
            OSError: the disk is full, or refuses to write or sync.
        """
        probe = self._path.with_name(f"{self._path.name}-probe")
        try:
            with probe.open("wb") as file:
                file.write(bytes(PROBE_BYTES))
                file.flush()
                os.fsync(file.fileno())
        finally:
            probe.unlink(missing_ok=True)

    def log_bytes(self) -> int:
        """The size of the log that is not yet part of the database."""
        try:
            return self._path.with_name(f"{self._path.name}-wal").stat().st_size
        except OSError:
            return 0


def _identity(path: Path) -> tuple[int, int] | None:
    try:
        found = os.stat(path)  # noqa: PTH116 - a third of Path.stat's time, before and after each commit
    except OSError:
        # Not there, or not to be looked at any more: the same for whoever wants to write.
        return None
    return found.st_dev, found.st_ino
