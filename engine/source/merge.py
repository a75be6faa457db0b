"""Several sources of one knowledge base as one list."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from engine.domain import Dropped, Entry, Reading
from engine.source.gather import sameness


def merged(readings: Iterable[Reading]) -> Reading:
    """All entries in the order given; a text or an id that an earlier source has is dropped and reported.

    A taken id does not refuse the later source: one entry added in chat must not be able
    to take down the rest. Within one reading, texts and ids differ already.
    """
    readings = list(readings)
    holding = [reading.entries for reading in readings if reading.entries]
    entries, repeated = (holding[0], []) if len(holding) == 1 else _one_after_the_other(holding)
    return Reading(
        entries,
        sum(reading.read for reading in readings),
        (*(each for reading in readings for each in reading.dropped), *repeated),
        tuple(each for reading in readings for each in reading.failed),
    )


def _one_after_the_other(holding: Sequence[tuple[Entry, ...]]) -> tuple[tuple[Entry, ...], list[Dropped]]:
    kept: list[Entry] = []
    repeated: list[Dropped] = []
    texts: dict[str, Entry] = {}
    ids: dict[str, Entry] = {}
    for entry in (entry for entries in holding for entry in entries):
        text = sameness(entry.text)
        if first := texts.get(text):
            repeated.append(_dropped(entry, f"repeats {first.source}, id {first.id}"))
        elif first := ids.get(entry.id):
            repeated.append(_dropped(entry, f"its id is already used in {first.source}"))
        else:
            texts[text] = ids[entry.id] = entry
            kept.append(entry)
    return tuple(kept), repeated


def _dropped(entry: Entry, reason: str) -> Dropped:
    return Dropped(f"{entry.source}, id {entry.id}", reason)
