"""Several sources of one knowledge base as one list."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from itertools import chain

from engine.domain import Dropped, Entry, SourceContents
from engine.source.gather import SHEET, qualify, sameness
from engine.source.stored import MANAGED


def merge(readings: Iterable[SourceContents]) -> SourceContents:
    """All entries in the order given; a text that an earlier source has is dropped and reported.

    A taken id does not refuse the later source: one entry added in chat must not be able
    to take down the rest. Entries of several files with one id are told apart by their file;
    only those added in chat keep theirs, by which they are removed there. Within one reading,
    texts and ids differ already.
    """
    readings = list(readings)
    holding = [reading.entries for reading in readings if reading.entries]
    entries, repeated = (holding[0], []) if len(holding) == 1 else _one_after_the_other(holding)
    return SourceContents(
        entries,
        sum(reading.read for reading in readings),
        # First what is told of two sources: of all that was dropped, only the first is shown.
        (*repeated, *(each for reading in readings for each in reading.dropped)),
        tuple(each for reading in readings for each in reading.failed),
        is_old=bool(readings) and all(reading.is_old for reading in readings),
        notes=tuple(each for reading in readings for each in reading.notes),
    )


def _one_after_the_other(holding: Sequence[tuple[Entry, ...]]) -> tuple[tuple[Entry, ...], list[Dropped]]:
    texts: dict[str, Entry] = {}
    repeated: list[Dropped] = []
    for entry in chain.from_iterable(holding):
        if (first := texts.setdefault(sameness(entry.text), entry)) is not entry:
            repeated.append(_repeat(entry, first))  # noqa: PERF401 - it keeps the first on the way
    return tuple(_tell_apart(list(texts.values()))), repeated


def _tell_apart(entries: Sequence[Entry]) -> Iterator[Entry]:
    times = Counter(entry.id for entry in entries)
    used = {entry.id for entry in entries}
    for entry in entries:
        if times[entry.id] == 1 or entry.source == MANAGED:
            yield entry
            continue
        id_ = qualify(entry.id, f"{entry.source}\0{entry.fields.get(SHEET, '')}")
        while id_ in used:
            id_ += "-text"
        used.add(id_)
        yield replace(entry, id=id_)


def _repeat(entry: Entry, first: Entry) -> Dropped:
    where = f"{entry.source}, id {entry.id}"
    details = {"first": first.source, "id": first.id, "entry": entry.id}
    if not entry.answer or entry.answer == first.answer:
        return Dropped(where, f"repeats {first.source}, id {first.id}", "repeat", details)
    return Dropped(
        where,
        f"repeats {first.source}, id {first.id}, with another answer; the first is kept",
        "other_answer",
        {**details, "text": entry.text, "kept": first.answer or "", "left_out": entry.answer},
    )
