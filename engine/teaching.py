"""Changes of single entries by people: wordings, and entries added in chat.

Nothing is copied: a taught wording refers to its entry by id. Each change asks for the refresh
after which it is found.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from engine.domain import (
    BadValue,
    Entry,
    EntryChanged,
    ForeignEntry,
    SourceContents,
    TaughtWording,
    UnknownEntry,
    UnknownKnowledgeBase,
    UnknownWording,
    WordingTaken,
)
from engine.index.entry_table import is_held_by
from engine.refresh.refresher import Refresher
from engine.source import MANAGED, ManagedSource, TaughtWordings, with_taught
from engine.source.gather import has_words, sameness, trim
from engine.source.stored import line, row
from engine.storage.snapshot_store import SnapshotStore


@dataclass(frozen=True, slots=True)
class ShownEntry:
    """An entry whole. `own_wordings` are from its source, `taught` the others; `hash` says what was read."""

    entry: Entry
    own_wordings: tuple[str, ...]
    taught: tuple[TaughtWording, ...]
    hash: str


@dataclass(frozen=True, slots=True)
class Change:
    """A change of a managed entry that was read with this hash; None leaves a part as it is."""

    hash: str
    text: str | None = None
    answer: str | None = None


@dataclass(frozen=True)
class Teaching:
    """The entries of each knowledge base, one by one.

    What stands in a snapshot under the source `kept_here` is shown as it is kept beside it, this moment; a
    follower keeps nothing.
    """

    snapshot_stores: Mapping[str, SnapshotStore]
    managed: ManagedSource
    taught: TaughtWordings
    refresher: Refresher
    kept_here: str = MANAGED
    _taken_back: dict[str, tuple[str, frozenset[tuple[str, str]]]] = field(default_factory=dict)

    def show(self, name: str, entry_id: str) -> ShownEntry:
        """The entry as it is this moment, what was taught a moment ago included.

        Raises:
            UnknownKnowledgeBase, UnknownEntry, SourceError
        """
        entry = self._entry(name, entry_id)
        taught = self.taught.of_entry(name, entry_id)
        not_own = {sameness(each.text) for each in taught} | self._gone(name, entry_id)
        own = tuple(text for text in entry.wordings if sameness(text) not in not_own)
        return ShownEntry(entry, own, taught, hash_of(entry))

    def teach(
        self, name: str, entry_id: str, text: str, *, by: str, because: str
    ) -> tuple[TaughtWording, str]:
        """Teach the entry a wording; with the id of the refresh after which it is found.

        Raises:
            WordingTaken: an entry has it already, this one or another.
            UnknownKnowledgeBase, UnknownEntry, BadValue, SourceError
        """
        self._entry(name, entry_id)
        if holder := self._holder(name, text):
            raise WordingTaken(
                f'entry "{holder.id}" has this wording already: {holder.text}',
                details={"entry": holder.id, "text": holder.text},
            )
        wording = self.taught.teach(name, entry_id, text, by=by, because=because)
        return wording, self.refresher.request_managed(name)

    def take_back(self, name: str, entry_id: str, wording_id: str) -> None:
        """Take a taught wording back; its entry may be gone.

        Raises:
            UnknownKnowledgeBase, UnknownWording, SourceError
        """
        self._check_name(name)
        wording = self.taught.take_back(name, entry_id, wording_id)
        if wording is None:
            raise UnknownWording(f'entry "{entry_id}" was taught no wording "{wording_id}"')
        snapshot = self.snapshot_stores[name].current
        served = snapshot.id if snapshot else ""
        before, gone = self._taken_back.get(name, (served, frozenset()))
        gone = gone if before == served else frozenset()
        self._taken_back[name] = served, gone | {(entry_id, sameness(wording.text))}
        self.refresher.request_managed(name)

    def change(self, name: str, entry_id: str, change: Change) -> tuple[ShownEntry, str]:
        """Change a managed entry; with the id of the refresh after which it is found so.

        Raises:
            EntryChanged: somebody changed it since it was read.
            ForeignEntry: it belongs to a configured source.
            UnknownKnowledgeBase, UnknownEntry, BadValue, SourceError
        """
        self._check_name(name)
        changed = self.managed.change(name, entry_id, lambda entry: _apply(entry, change))
        if changed is None:
            source = self._entry(name, entry_id).source
            raise ForeignEntry(f'entry "{entry_id}" comes from {source}, change it there')
        return self.show(name, entry_id), self.refresher.request_managed(name)

    def find(self, name: str, text: str, offset: int, limit: int) -> tuple[list[Entry], int]:
        """A page of the entries whose id, text, answer, title or wording contains it, and their number.

        Raises:
            UnknownKnowledgeBase, SourceError
        """
        snapshot = self.snapshot_stores[self._check_name(name)].current
        managed = self.managed.entries(name)
        own = with_taught(SourceContents(managed, len(managed)), self.taught.all(name)).entries
        entries = snapshot.entries if snapshot else None
        rows = list(entries.rows_holding(text)) if entries else []
        served = [entries[each] for each in rows] if entries else []
        found = [each for each in served if each.source != self.kept_here]
        found += [each for each in own if is_held_by(each, text)]
        return found[offset : offset + limit], len(found)

    def _check_name(self, name: str) -> str:
        if name not in self.snapshot_stores:
            raise UnknownKnowledgeBase(f'there is no knowledge base "{name}"')
        return name

    def _entry(self, name: str, entry_id: str) -> Entry:
        entry = self._find(self._check_name(name), entry_id)
        if entry is None:
            raise UnknownEntry(f'knowledge base "{name}" has no entry "{entry_id}"')
        return entry

    def _find(self, name: str, entry_id: str) -> Entry | None:
        """The entry as it is this moment: managed ones as they are stored, others as they are served."""
        for entry in self.managed.entries(name):
            if entry.id == entry_id:
                return entry
        snapshot = self.snapshot_stores[name].current
        place = snapshot.entries.row_of(entry_id) if snapshot else None
        if snapshot is None or place is None or snapshot.entries[place].source == self.kept_here:
            return None
        return snapshot.entries[place]

    def _holder(self, name: str, text: str) -> Entry | None:
        """The entry that says this already, as a text or a wording."""
        same = sameness(text)
        for entry in self.managed.entries(name):
            if _says(entry, same):
                return entry
        taught = self.taught.holding(name, text)
        holder = self._find(name, taught.entry) if taught else None
        snapshot = self.snapshot_stores[name].current
        if holder or snapshot is None:
            return holder
        for number in snapshot.same_texts.rows(same, snapshot.text):
            entry = snapshot.entries[snapshot.entry_of(number)]
            if (
                entry.source != self.kept_here
                and same not in self._gone(name, entry.id)
                and _says(entry, same)
            ):
                return entry
        return None

    def _gone(self, name: str, entry_id: str) -> frozenset[str]:
        """The wordings this entry was taught and is served with, though they were taken back since."""
        snapshot = self.snapshot_stores[name].current
        before, gone = self._taken_back.get(name, ("", frozenset()))
        if snapshot is None or before != snapshot.id:
            return frozenset()
        return frozenset(same for entry, same in gone if entry == entry_id)


def hash_of(entry: Entry) -> str:
    """The same while nothing of the entry has changed but its wordings."""
    return hashlib.sha256(line({**row(entry), "wordings": []})).hexdigest()[:16]


def _says(entry: Entry, same: str) -> bool:
    return same in map(sameness, (entry.text, *entry.wordings))


def _apply(entry: Entry, change: Change) -> Entry:
    """Raises EntryChanged and BadValue."""
    if change.hash != hash_of(entry):
        raise EntryChanged(
            f'entry "{entry.id}" was changed since it was read; read it again',
            details={
                "hash": hash_of(entry),
                "text": entry.text,
                "answer": entry.answer,
                "given_text": change.text,
                "given_answer": change.answer,
            },
        )
    text = entry.text if change.text is None else trim(change.text)
    if not has_words(text):
        raise BadValue("text must hold a letter or a digit")
    answer = entry.answer if change.answer is None else trim(change.answer) or None
    return replace(entry, text=text, answer=answer)
