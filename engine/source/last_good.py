"""The last good contents of a file, in the place of one that cannot be read now."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import replace
from typing import Final

from engine.domain import Entry, FailedSource, SourceContents
from engine.source.kept import LastGood
from engine.source.merge import merge
from engine.source.still import is_cut_off

_EMPTY: Final = frozenset({"empty_file", "no_entries"})


def with_last_good(
    reading: SourceContents,
    kept: LastGood | None,
    *,
    moving: Collection[str] = (),
    confirmed: bool = False,
) -> SourceContents:
    """The reading with the last good entries of each failed file, which says since when they are served.

    Failed are also files in `moving`, which are being written, those whose list ends in the middle of a
    row that it had whole, and those that held entries and are empty now; the last two unless a
    person has confirmed. A file of which nothing was kept is only reported.
    """
    if kept is None or not (
        reading.failed
        or moving
        or len(reading.entries) < len(kept.entries)  # what was kept is opened only where it may be needed
        or any(each.code in _EMPTY for each in reading.dropped)
    ):
        return reading
    before = _by_source(kept.entries)
    failed = [*reading.failed, *_doubtful(reading, before, moving, confirmed=confirmed)]
    if not failed:
        return reading
    names = {each.source for each in failed}
    since = {each.source: each.since for each in kept.failed}
    told = tuple(
        replace(each, kept=len(before[each.source]), since=since.get(each.source) or kept.at)
        if each.source in before
        else each
        for each in failed
    )
    fresh = replace(
        reading,
        entries=tuple(entry for entry in reading.entries if entry.source not in names),
        dropped=tuple(each for each in reading.dropped if each.where not in names),
        failed=told,
    )
    return merge([fresh, *(SourceContents(tuple(before.get(each.source, ())), 0) for each in failed)])


def _doubtful(
    reading: SourceContents, before: Mapping[str, list[Entry]], moving: Collection[str], *, confirmed: bool
) -> Iterator[FailedSource]:
    for name in sorted(moving):
        if name in before:
            yield FailedSource(
                name, f"{name} is still being written; it is read again next time", code="moving"
            )
    if confirmed:
        return
    now = _by_source(reading.entries)
    for name, entries in before.items():
        if name in moving:
            continue
        if name not in now and any(each.where == name and each.code in _EMPTY for each in reading.dropped):
            reason = f"{name} is empty, and held entries before; remove the file if this is meant"
            yield FailedSource(name, reason, code="emptied")
        elif is_cut_off(now.get(name, ()), entries):
            reason = (
                f"{name} ends in the middle of a row that it had whole, so it is still being copied or was "
                "cut off; copy it once more, or confirm the refresh if this is meant"
            )
            yield FailedSource(name, reason, code="cut_off")


def _by_source(entries: Iterable[Entry]) -> dict[str, list[Entry]]:
    found: dict[str, list[Entry]] = {}
    for entry in entries:
        found.setdefault(entry.source, []).append(entry)
    return found
