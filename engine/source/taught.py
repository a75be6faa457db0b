"""Wordings that people taught: one file for each knowledge base, beside the managed entries.

    {"knowledge_base": …, "wordings": 2, "sha256": …}     of all that follows
    {"id": …, "entry": …, "text": …, "by": …, "because": …, "at": …}
    …

A wording refers to its entry by id and copies nothing of it, so an answer may be edited. When
the entry goes, its wordings are kept aside, and live again with it.
"""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from uuid import uuid4

from pydantic import TypeAdapter

from engine.domain import BadValue, Dropped, Entry, SourceContents, TaughtWording
from engine.source import stored
from engine.source.gather import has_words, sameness, trim

MOST_WORDINGS = 100_000
"""Taught in one knowledge base: 80 MB of vectors."""

_SHOWN = 80  # characters of a wording in a sentence
_wording = TypeAdapter(TaughtWording)


class TaughtWordings:
    """Wordings taught and taken back one at a time, safe to call from several threads.

    When a method returns, the change has reached the disk; when it raises, the file is still
    whole. One process owns the folder.
    """

    def __init__(self, folder: Path, *, now: Callable[[], datetime]) -> None:
        self._folder = folder
        self._now = now
        self._lock = threading.Lock()

    def all(self, knowledge_base: str) -> tuple[TaughtWording, ...]:
        """Every wording, the oldest first, those that are kept aside included.

        Raises SourceError naming the file when it is damaged or cannot be read.
        """
        with self._lock:
            return self._load(knowledge_base)

    def of_entry(self, knowledge_base: str, entry_id: str) -> tuple[TaughtWording, ...]:
        return tuple(each for each in self.all(knowledge_base) if each.entry == entry_id)

    def holding(self, knowledge_base: str, text: str) -> TaughtWording | None:
        """The wording that says the same, whichever entry it was taught to."""
        same = sameness(text)
        return next((each for each in self.all(knowledge_base) if sameness(each.text) == same), None)

    def teach(self, knowledge_base: str, entry_id: str, text: str, *, by: str, because: str) -> TaughtWording:
        """Teach an entry one more wording, whether or not another has it.

        Raises BadValue when the text says nothing or there are too many, SourceError when the
        file cannot be read or written.
        """
        said = trim(text)
        if not has_words(said):
            raise BadValue("a wording must hold a letter or a digit")
        with self._lock:
            present = self._load(knowledge_base)
            if len(present) >= MOST_WORDINGS:
                raise BadValue(f"{knowledge_base} has {MOST_WORDINGS} taught wordings and may have no more")
            taught = TaughtWording(uuid4().hex[:12], entry_id, said, by, because, self._now())
            self._store(knowledge_base, [*present, taught])
        return taught

    def take_back(self, knowledge_base: str, entry_id: str, wording_id: str) -> TaughtWording | None:
        """The wording, which is gone now; None when the entry has no such one."""
        with self._lock:
            present = self._load(knowledge_base)
            wanted = next((each for each in present if (each.entry, each.id) == (entry_id, wording_id)), None)
            if wanted:
                self._store(knowledge_base, [each for each in present if each is not wanted])
            return wanted

    def _path(self, knowledge_base: str) -> Path:
        digest = hashlib.sha256(knowledge_base.encode(errors="surrogatepass")).hexdigest()
        return self._folder / f"~{digest[:32]}.taught.jsonl"

    def _load(self, knowledge_base: str) -> tuple[TaughtWording, ...]:
        path = self._path(knowledge_base)
        return stored.read_list(path, knowledge_base, "wordings", _wording.validate_json)

    def _store(self, knowledge_base: str, wordings: Sequence[TaughtWording]) -> None:
        lines = (_wording.dump_json(each) + b"\n" for each in wordings)
        stored.write_list(self._path(knowledge_base), knowledge_base, "wordings", lines)


def with_taught(reading: SourceContents, wordings: Sequence[TaughtWording]) -> SourceContents:
    """The same with each taught wording at its entry.

    Its notes tell which wordings are kept aside because their entry is gone, and which two
    entries share.
    """
    by_entry: dict[str, list[TaughtWording]] = {}
    for each in wordings:
        by_entry.setdefault(each.entry, []).append(each)
    entries = tuple(
        _taught(entry, by_entry.pop(entry.id)) if entry.id in by_entry else entry for entry in reading.entries
    )
    aside = [_aside(each) for each in wordings if each.entry in by_entry]
    return replace(
        reading, entries=entries, notes=(*reading.notes, *aside, *_shared_wordings(entries, wordings))
    )


def _taught(entry: Entry, wordings: Iterable[TaughtWording]) -> Entry:
    held = {sameness(text): text for text in (entry.text, *entry.wordings)}
    for each in wordings:
        held.setdefault(sameness(each.text), each.text)
    return replace(entry, wordings=tuple(held.values())[1:])


def _aside(wording: TaughtWording) -> Dropped:
    return Dropped(
        f"taught, wording {wording.id}",
        f'"{wording.text[:_SHOWN]}" is kept aside: its entry {wording.entry} is gone',
        "kept_aside",
        {"wording": wording.text, "id": wording.id, "entry": wording.entry},
    )


def _shared_wordings(entries: Sequence[Entry], wordings: Sequence[TaughtWording]) -> list[Dropped]:
    """The wordings, from sources or taught, that two entries share. All are searched.

    What one source says twice is told when it is read.
    """
    told = {sameness(each.text) for each in wordings}
    first: dict[str, Entry] = {}
    for entry in entries if any(entry.wordings for entry in entries) else ():
        first.setdefault(sameness(entry.text), entry)
    shared = []
    for entry in entries:
        for text in entry.wordings:
            same = sameness(text)
            other = first.setdefault(same, entry)
            if other.id != entry.id and (other.source != entry.source or same in told):
                shared.append(_said_twice(entry, text, other))
    return shared


def _said_twice(entry: Entry, text: str, other: Entry) -> Dropped:
    return Dropped(
        f"{entry.source}, id {entry.id}",
        f'has the wording "{text[:_SHOWN]}" of entry {other.id} too; both are kept',
        "same_wording",
        {"wording": text, "first": other.id},
    )
