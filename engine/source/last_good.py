"""What a file of a source held when it could last be read, in the place of one that cannot be read now."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from itertools import groupby

from engine.domain import Entry, FailedSource, Reading
from engine.source.kept import Kept
from engine.source.merge import merged


def with_last_good(reading: Reading, kept: Kept | None, *, confirmed: bool = False) -> Reading:
    """The reading with the last good entries of each failed file, which says since when they are served.

    A file that held entries and is empty now counts as failed too, unless a person has confirmed.
    A file of which nothing was kept is only reported.
    """
    empty = {each.where: each for each in reading.dropped if each.code in {"empty_file", "no_entries"}}
    if kept is None or not (reading.failed or empty):
        return reading
    before: dict[str, list[Entry]] = {}
    for source, entries in groupby(kept.entries, key=lambda entry: entry.source):
        before.setdefault(source, []).extend(entries)
    emptied = [] if confirmed else [name for name in empty if name in before]
    failed = [*reading.failed, *(_emptied(name) for name in emptied)]
    since = {each.source: each.since for each in kept.failed}
    told = tuple(
        replace(each, kept=len(before.get(each.source, ())), since=since.get(each.source) or kept.at)
        if each.source in before
        else each
        for each in failed
    )
    dropped = tuple(each for each in reading.dropped if each.where not in emptied)
    fresh = replace(reading, dropped=dropped, failed=told)
    return merged([fresh, *_readings(before.get(each.source, ()) for each in failed)])


def _readings(lists: Iterable[Iterable[Entry]]) -> Iterable[Reading]:
    return (Reading(tuple(entries), 0) for entries in lists)


def _emptied(name: str) -> FailedSource:
    reason = f"{name} is empty, and held entries before; remove the file if this is meant"
    return FailedSource(name, reason, code="emptied")
