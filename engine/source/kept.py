"""The last good contents of each source, so that one that fails goes on answering.

One file for each source of a knowledge base, with a first line that makes damage visible:

    {"format": 1, "version": …, "source": …, "marks": {…}, "entries": …, "sha256": …, …}
    {"source": …, "id": …, "text": …, …}
    …

It may be deleted: then the source is read as if for the first time, and nothing guards it
against having shrunk. It holds no address with its secrets, only a digest of it.
"""

from __future__ import annotations

import hashlib
import json
import logging
import os
from collections import deque
from collections.abc import Collection, Mapping
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any, Final

from engine.domain import Dropped, FailedSource, SourceContents
from engine.index.entry_table import StoredEntries
from engine.source import stored
from engine.source.record import digest

_FORMAT: Final = 1
_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class LastGood:
    """The last good reading of a source, when it was found to hold, and what its next read asks by."""

    entries: StoredEntries
    read: int
    dropped: tuple[Dropped, ...]
    notes: tuple[Dropped, ...]
    failed: tuple[FailedSource, ...]
    at: datetime
    validators: Mapping[str, str]

    @property
    def reading(self) -> SourceContents:
        return SourceContents(tuple(self.entries), self.read, self.dropped, self.failed, notes=self.notes)


class KeptReadings:
    """The readings kept for one knowledge base, each under the key of its source."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def load(self, key: str) -> LastGood | None:
        """Read the kept contents; None when there are none, or when they are damaged, which is logged.

        What another version of this program kept has no marks, because it may have read otherwise.
        """
        path = self._path(key)
        try:
            content = path.read_bytes()
            at = datetime.fromtimestamp(path.stat().st_mtime, UTC)
        except OSError:
            return None
        first, _, body = content.partition(b"\n")
        try:
            head = json.loads(first)
            if head["format"] != _FORMAT or head["sha256"] != _sha256(body):
                raise ValueError("the first line does not fit what follows")  # noqa: TRY301 - one exit for all damage
            is_ours = head["version"] == version("kbdial")
            kept = LastGood(
                StoredEntries(body),
                head["read"],
                tuple(Dropped(**each) for each in head["dropped"]),
                tuple(Dropped(**each) for each in head.get("notes", ())),
                tuple(map(_fail, head.get("failed", ()))),
                at,
                head["marks"] if is_ours else {},
            )
            if not is_ours:
                deque(kept.entries, maxlen=0)  # the checksum says nothing of what we make of it
        except (ValueError, TypeError, KeyError, RecursionError) as problem:
            _log.error("kept source damaged", extra={"file": str(path), "reason": str(problem)})
            return None
        return kept

    def store(
        self,
        key: str,
        source: str,
        reading: SourceContents,
        *,
        entries: StoredEntries,
        validators: Mapping[str, str],
        at: datetime,
    ) -> None:
        """Keep this reading, whose entries are these, from now on. Raises OSError."""
        body = bytes(entries.content)
        head: dict[str, Any] = {
            "format": _FORMAT,
            "version": version("kbdial"),
            "source": source,
            "marks": dict(validators),
            "read": reading.read,
            "entries": len(reading.entries),
            "sha256": _sha256(body),
            "dropped": [_line(each) for each in reading.dropped],
            "notes": [_line(each) for each in reading.notes],
            "failed": [
                {**asdict(each), "since": each.since and each.since.isoformat()} for each in reading.failed
            ],
        }
        first = stored.line(head)
        path = self._path(key)
        if not _begins_with(path, first):
            stored.write(path, first + body)
        self.confirm(key, at)

    def confirm(self, key: str, at: datetime) -> None:
        """Note that the source still holds what was kept."""
        os.utime(self._path(key), (at.timestamp(), at.timestamp()))

    def forget_all_but(self, keys: Collection[str]) -> None:
        """Delete what was kept of sources that are no longer configured."""
        wanted = {self._path(key).name for key in keys}
        if self._folder.is_dir():
            for path in self._folder.iterdir():
                if path.name not in wanted:
                    path.unlink(missing_ok=True)

    def _path(self, key: str) -> Path:
        return self._folder / f"{digest(key, 32)}.jsonl"


def _line(each: Dropped) -> dict[str, Any]:
    return {
        "where": each.where,
        "reason": each.reason,
        "code": each.code,
        "details": dict(each.details),
    }


def _fail(said: dict[str, Any]) -> FailedSource:
    since = said["since"]
    return FailedSource(**{**said, "since": datetime.fromisoformat(since) if since else None})


def _begins_with(path: Path, first: bytes) -> bool:
    """Whether the file is the one that begins so; the checksum in there speaks for the rest."""
    try:
        with path.open("rb") as file:
            return file.readline() == first
    except OSError:
        return False


def _sha256(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()
