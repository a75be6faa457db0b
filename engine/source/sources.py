"""All sources of one knowledge base, each of which may fail without taking the others along.

read ──► as before ─────────────► its kept reading
│ ───► changed ──► plausible ─► the new one, kept from now on
│                 └─ not ──┐
└────► fails ──────────────┴──► its kept reading, and reported as failed
"""

from __future__ import annotations

import logging
import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Final

from engine.domain import Entry, FailedSource, SourceContents, SourceError, SourceSpec
from engine.index.entry_table import StoredEntries
from engine.source import files, origin
from engine.source.kept import KeptReadings, LastGood
from engine.source.last_good import with_last_good
from engine.source.limits import DEFAULT_LIMITS, Limits
from engine.source.merge import merge
from engine.source.still import Stillness

FLOOR: Final = 0.5
_FEW: Final = 10
"""Fewer entries than this may be rewritten at will: half of a handful is one person's afternoon."""

_ENDS = re.compile(r"[\n.!?。！？]+")
_log = logging.getLogger(__name__)


class Sources:
    """The sources of a knowledge base; `folder` keeps what each held last.

    `floor` is the share of a source that must still be there for a change to be believed:
    of its entries, and of the sentences in them, so that neither reordering nor new ids
    nor another splitting counts as a change. A source read for the first time is believed.
    """

    def __init__(
        self,
        knowledge_base: str,
        specs: Sequence[SourceSpec],
        folder: Path,
        *,
        now: Callable[[], datetime],
        floor: float = FLOOR,
        limits: Limits = DEFAULT_LIMITS,
        stillness: Stillness | None = None,
    ) -> None:
        self._knowledge_base = knowledge_base
        self._specs = tuple(specs)
        self._kept = KeptReadings(folder)
        self._now = now
        self._floor = floor
        self._limits = limits
        self._unknown = {origin.key(spec) for spec in self._specs}
        self._stillness = stillness or Stillness()

    def read(self, *, confirmed: bool = False) -> SourceContents:
        """Read all sources, in their order: their contents, and which of them failed.

        `confirmed` lets a source shrink or change as much as it likes. Raises nothing for
        what a source holds or does; there may be no entry left.
        """
        readings = [self._one(spec, confirmed=confirmed) for spec in self._specs]
        self._forget_the_others()
        return merge(readings)

    def last_read(self) -> SourceContents | None:
        """The last good contents of each source; None when one was not asked since the start.

        A source that was asked, and never could be read, holds nothing.
        """
        if self._unknown:
            return None
        held = [self._kept.load(origin.key(spec)) for spec in self._specs]
        return merge([each.reading for each in held if each])

    def _one(self, spec: SourceSpec, *, confirmed: bool) -> SourceContents:
        key, label = origin.key(spec), origin.label(spec)
        kept = self._kept.load(key)
        try:
            looks = files.looks(spec.path, spec.base) if spec.path and kept else {}
            fresh = origin.read(spec, kept.validators if kept else None, self._limits)
            if fresh:
                moving = self._stillness.moving(looks, lambda: files.looks(spec.path, spec.base))
                reading = with_last_good(fresh.reading, kept, moving=moving, confirmed=confirmed)
                fresh = replace(fresh, reading=reading)
            entries = StoredEntries.of(fresh.reading.entries if fresh else ())
            if fresh and kept and not confirmed:
                self._believe(label, kept.entries, entries)
        except SourceError as problem:
            self._unknown.discard(key)
            return self._fail(label, problem, kept)
        self._keep(key, label, fresh, entries)
        return fresh.reading if fresh else _reading_of(kept)

    def _believe(self, label: str, before: StoredEntries, now: StoredEntries) -> None:
        """Raises SourceError when too little is left of what there was."""
        had, has = len(before), len(now)
        how = (
            f"below the floor of {self._floor:.0%}; what it held before goes on being served. "
            f"If this is meant: python -m engine refresh {self._knowledge_base} --confirm"
        )
        if has < had * self._floor:
            details = {"had": str(had), "has": str(has)}
            raise SourceError(f"{label} has shrunk from {had} entries to {has}, {how}", "shrunk", details)
        if had < _FEW or _is_surely_there(before, now, self._floor):
            return
        old, new = _sentences(before), _sentences(now)
        share = len(old & new) / len(old)
        if share < self._floor:
            details = {"left": f"{share:.0%}"}
            raise SourceError(
                f"{label} has {share:.0%} left of the sentences it had, {how}", "rewritten", details
            )

    def _fail(self, label: str, problem: SourceError, kept: LastGood | None) -> SourceContents:
        held = kept.reading if kept else SourceContents((), 0)
        failed = FailedSource(
            label,
            problem.message,
            kept=len(held.entries),
            since=kept.at if kept else None,
            code=problem.why,
            details=problem.details or {},
        )
        _log.warning(
            "source failed",
            extra={
                "source_name": label,
                "reason": problem.message,
                "kept": failed.kept,
                "since": failed.since and failed.since.isoformat(),
            },
        )
        return replace(held, failed=(failed,), is_old=True)

    def _keep(self, key: str, label: str, fresh: origin.Fresh | None, entries: StoredEntries) -> None:
        try:
            if fresh:
                # What failed is tried again, even if not a byte of it changes.
                validators = {} if fresh.reading.failed else fresh.validators
                self._kept.store(
                    key, label, fresh.reading, entries=entries, validators=validators, at=self._now()
                )
            else:
                self._kept.confirm(key, self._now())
            self._unknown.discard(key)
        except OSError as problem:  # the reading is good all the same
            self._unknown.add(key)  # what is kept is older than what was read
            _log.error("source not kept", extra={"source_name": label, "reason": str(problem)})

    def _forget_the_others(self) -> None:
        try:
            self._kept.forget_all_but([origin.key(spec) for spec in self._specs])
        except OSError as problem:
            _log.error("kept sources not cleared", extra={"reason": str(problem)})


def _is_surely_there(before: StoredEntries, now: StoredEntries, share: float) -> bool:
    """Whether a look at what differs is enough to say that this share of the sentences is left."""
    there = set(now.lines())
    is_left = [line in there for line in before.lines()]
    lost = _sentences(before[row] for row, left in enumerate(is_left) if not left)  # or fewer
    had = set(lost)
    staying = (row for row, left in enumerate(is_left) if left)
    while had and len(had) - len(lost) < share * len(had):
        row = next(staying, None)
        if row is None:
            return False
        had |= _sentences([before[row]])
    return True


def _sentences(entries: Iterable[Entry]) -> set[str]:
    return {part.strip() for entry in entries for part in _ENDS.split(entry.text) if part.strip()}


def _reading_of(kept: LastGood | None) -> SourceContents:
    if kept is None:
        raise AssertionError("a source said that nothing changed, but nothing was kept; this is a bug")
    return kept.reading
