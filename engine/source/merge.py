"""Several sources of one knowledge base as one list."""

from __future__ import annotations

from collections.abc import Iterable

from engine.domain import Dropped, Entry, FailedSource, Reading
from engine.source.gather import sameness


def merged(readings: Iterable[Reading]) -> Reading:
    """All entries in the order given; a text or an id that an earlier source has is dropped and reported.

    A taken id does not refuse the later source: one entry added in chat must not be able
    to take down the rest.
    """
    entries: list[Entry] = []
    dropped: list[Dropped] = []
    failed: list[FailedSource] = []
    read = 0
    texts: dict[str, Entry] = {}
    ids: dict[str, Entry] = {}
    for reading in readings:
        read += reading.read
        dropped += reading.dropped
        failed += reading.failed
        for entry in reading.entries:
            where = f"{entry.source}, id {entry.id}"
            if first := texts.get(sameness(entry.text)):
                dropped.append(Dropped(where, f"repeats {first.source}, id {first.id}"))
            elif first := ids.get(entry.id):
                dropped.append(Dropped(where, f"its id is already used in {first.source}"))
            else:
                texts[sameness(entry.text)] = ids[entry.id] = entry
                entries.append(entry)
    return Reading(tuple(entries), read, tuple(dropped), tuple(failed))
