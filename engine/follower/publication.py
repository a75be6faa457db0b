"""A snapshot as its publisher offers it to followers: what it is, and which files it has."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from engine.index.snapshot import ModelIdentity
from engine.storage.snapshot_files import StoredFile


@dataclass(frozen=True, slots=True)
class Publication:
    """The snapshot of a knowledge base that its publisher serves now.

    `number` grows with each one. `fingerprint` is the scale of its scores (`engine.search.scale_of`)
    and `threshold` what holds where a question names none: both are the follower's own settings,
    and must be the same. `files` are by name.
    """

    snapshot: str
    number: int
    checked_at: datetime
    model: ModelIdentity
    fingerprint: str
    threshold: float | None
    files: Mapping[str, StoredFile]

    @property
    def size_bytes(self) -> int:
        return sum(each.bytes for each in self.files.values())
