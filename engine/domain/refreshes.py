"""Refreshes of a knowledge base, and the way back from one."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from engine.domain.entries import Dropped, FailedSource

RefreshState = Literal["waiting", "running", "done", "failed"]


@dataclass(frozen=True, slots=True)
class Refresh:
    """One run over the sources of a knowledge base, from the request to its end.

    `added`, `changed` and `removed` are entries, beside what was served before.
    `confirmed` when a person said that a source may shrink or change as much as it likes.
    Of the texts that are new in it, `embedded` went through the model and `recalled` were
    known from before. `held_back` when the sources still say what was rolled back from, so that it was not
    published. `dropped_more` were dropped beside those in `dropped`, without their reasons.
    `notes` are told of what was read all the same. `managed_only` when no source was read, because
    only the managed entries had changed.
    """

    id: str
    state: RefreshState
    requested: datetime
    started: datetime | None = None
    finished: datetime | None = None
    read: int = 0
    kept: int = 0
    embedded: int = 0
    dropped: tuple[Dropped, ...] = ()
    failed_sources: tuple[FailedSource, ...] = ()
    confirmed: bool = False
    snapshot: str | None = None
    error: str | None = None
    recalled: int = 0
    held_back: bool = False
    dropped_more: int = 0
    notes: tuple[Dropped, ...] = ()
    managed_only: bool = False
    added: int = 0
    changed: int = 0
    removed: int = 0

    @property
    def dropped_total(self) -> int:
        return len(self.dropped) + self.dropped_more


@dataclass(frozen=True, slots=True)
class RolledBack:
    """A rollback to the snapshot being served, from `snapshot`, whose content is `refused`."""

    snapshot: str
    at: datetime
    refused: str
