"""The list that chat and console write to: one file for each knowledge base.

    {"knowledge_base": …, "entries": 2, "sha256": …}     of all that follows
    {"id": …, "text": …, "answer": …, "title": …, "url": …, "fields": {…}}
    …

How it shows its own damage: `engine.source.stored`.
"""

from __future__ import annotations

import hashlib
import json
import re
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from engine.domain import Added, BadValue, Contradicted, Dropped, Entry, SourceError
from engine.source import stored
from engine.source.gather import assign_ids, gather, sameness
from engine.source.kinds import POSTED
from engine.source.limits import DEFAULT_LIMITS, Limits
from engine.source.record import Record
from engine.source.stored import MANAGED

_LIST = "list"


class ManagedSource:
    """Entries added and removed one list at a time, safe to call from several threads.

    When `add` or `remove` returns, the change has reached the disk; when either raises, the
    file is still whole. One process owns the folder. `limits.rows` and `limits.bytes` hold
    for one list that is added, `rows` also for all entries of a knowledge base.
    """

    def __init__(self, folder: Path, limits: Limits = DEFAULT_LIMITS) -> None:
        self._folder = folder
        self._limits = limits
        self._lock = threading.Lock()

    def entries(self, knowledge_base: str) -> tuple[Entry, ...]:
        """All entries, oldest first; none when nothing was ever added.

        Raises SourceError naming the file when it is damaged or cannot be read.
        """
        with self._lock:
            return self._load(knowledge_base)

    def add(self, knowledge_base: str, content: bytes, media_type: str) -> Added:
        """Add a list: text/plain (`TEXT => ANSWER` or `TEXT`, one a line), text/csv or JSON lines.

        A text that is there already is reported as repeated, or as contradicted by another answer,
        and keeps the answer it has.
        `where` of what was dropped is `list:LINE`. Raises BadValue when the list cannot be
        read, and SourceError when the file cannot be read or written.
        """
        try:
            reading = gather(MANAGED, self._reader(media_type, content), self._limits)
        except SourceError as error:
            raise BadValue(error.message) from error
        with self._lock:
            present = {sameness(entry.text): entry for entry in self._load(knowledge_base)}
            new = {key: entry for entry in reading.entries if (key := sameness(entry.text)) not in present}
            known = [
                (present[key], entry.answer)
                for entry in reading.entries
                if (key := sameness(entry.text)) in present
            ]
            others = [(entry, answer) for entry, answer in known if answer not in (None, entry.answer)]
            added = self._name(new, {entry.id for entry in present.values()})
            if len(present) + len(added) > self._limits.rows:
                raise BadValue(
                    f"{knowledge_base} has {len(present)} entries of its own and may have {self._limits.rows}"
                )
            if added:
                self._store(knowledge_base, [*present.values(), *added])
        return Added(
            added,
            tuple(entry for entry, answer in known if answer in (None, entry.answer)),
            tuple(Contradicted(entry, answer) for entry, answer in others if answer),
            reading.dropped,
        )

    def remove(self, knowledge_base: str, id: str) -> bool:  # noqa: A002 - the field's name
        """Remove one entry; False when there is none of that id."""
        with self._lock:
            present = self._load(knowledge_base)
            left = [entry for entry in present if entry.id != id]
            if len(left) == len(present):
                return False
            self._store(knowledge_base, left)
            return True

    def change(self, knowledge_base: str, id: str, changed: Callable[[Entry], Entry]) -> Entry | None:  # noqa: A002 - as above
        """Put what `changed` makes of this entry in its place; None when there is none of that id.

        Whatever `changed` raises leaves all as it was. Raises BadValue when another entry has
        the text, and SourceError when the file cannot be read or written.
        """
        with self._lock:
            present = self._load(knowledge_base)
            before = next((entry for entry in present if entry.id == id), None)
            if before is None:
                return None
            after = changed(before)
            same = sameness(after.text)
            twin = next((each for each in present if each.id != id and sameness(each.text) == same), None)
            if twin:
                raise BadValue(f'entry "{twin.id}" has this text already')
            if after != before:
                self._store(knowledge_base, [after if entry.id == id else entry for entry in present])
            return after

    def _reader(self, media_type: str, content: bytes) -> Iterator[Record | Dropped]:
        if media_type not in POSTED:
            raise SourceError(f"a list is {', '.join(POSTED)} (got {media_type[:80]})", "other_kind")
        if len(content) > self._limits.bytes:
            raise SourceError(
                f"a list has at most {self._limits.bytes} bytes (got {len(content)})", "too_large"
            )
        return POSTED[media_type](_LIST, content)

    def _name(self, new: Mapping[str, Entry], taken: set[str]) -> tuple[Entry, ...]:
        """The new entries under ids that no entry has: made ones give way, given ones are refused."""
        named = []
        for key, entry in new.items():
            if entry.id not in taken:
                named.append(entry)
            elif entry.id == next(assign_ids([(key, "")])):
                named.append(
                    replace(
                        entry, id=next(assign_ids([(key, "")], taken | {other.id for other in new.values()}))
                    )
                )
            else:
                raise BadValue(f'the id "{entry.id}" belongs to another entry; remove that one first')
        return tuple(named)

    def _path(self, knowledge_base: str) -> Path:
        # Any other name could leave the folder, or meet another name where case does not count.
        if re.fullmatch(r"[a-z0-9][a-z0-9_-]{0,63}", knowledge_base):
            return self._folder / f"{knowledge_base}.jsonl"
        digest = hashlib.sha256(knowledge_base.encode(errors="surrogatepass")).hexdigest()
        return self._folder / f"~{digest[:32]}.jsonl"

    def _load(self, knowledge_base: str) -> tuple[Entry, ...]:
        return stored.read_list(self._path(knowledge_base), knowledge_base, "entries", _entry)

    def _store(self, knowledge_base: str, entries: Sequence[Entry]) -> None:
        lines = (stored.line(stored.row(entry)) for entry in entries)
        stored.write_list(self._path(knowledge_base), knowledge_base, "entries", lines)


def _entry(line: bytes) -> Entry:
    row: dict[str, Any] = json.loads(line)
    wordings = tuple(row.pop("wordings", ()))  # a list of before there were any has none
    return Entry(**row, wordings=wordings, source=MANAGED)
