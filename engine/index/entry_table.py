"""Entries as lines of JSON, each made into an Entry when it is asked for.

A million entries as objects take half a gigabyte and some seconds to make, and slow every
collection of garbage; an answer shows five of them.
"""

from __future__ import annotations

import bisect
import hashlib
import itertools
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from mmap import mmap
from typing import Final, overload

import numpy as np
from numpy.typing import NDArray
from pydantic import TypeAdapter

from engine.domain import Entry

_ANSWER: Final = b',"answer":'
_TITLE: Final = b',"title":'
_TOGETHER: Final = 500  # entries made at once: a fifth faster than one by one

_entry = TypeAdapter(Entry)
_text = TypeAdapter(str)
_several = TypeAdapter(tuple[Entry, ...])


@dataclass(frozen=True, slots=True)
class Compared:
    """Entries beside those of before. `rows`: for each, the row there with the same text; -1 where none is.

    `added` and `removed` are counted by id; `changed` have kept their id or their text, and not all else.
    """

    rows: NDArray[np.intp]
    added: int
    changed: int
    removed: int


class StoredEntries(Sequence[Entry]):
    """Entries in the order of their ids, over the bytes of a file or of memory.

    Equal to others that say the same, letter for letter.
    """

    def __init__(self, content: bytes | mmap) -> None:
        """Raises ValueError: the last line does not end."""
        self.content = content
        ends = np.flatnonzero(np.frombuffer(content, np.uint8) == ord("\n")) + 1
        self._starts: NDArray[np.int64] = np.append(0, ends).astype(np.int64)
        if self._starts[-1] != len(content):
            raise ValueError("the last line is not whole")

    @classmethod
    def of(cls, entries: Sequence[Entry]) -> StoredEntries:
        """These, which are in the order of their ids."""
        if isinstance(entries, cls):
            return entries
        return cls(b"".join(line(entry) for entry in entries))

    def __len__(self) -> int:
        return len(self._starts) - 1

    @overload
    def __getitem__(self, place: int) -> Entry: ...
    @overload
    def __getitem__(self, place: slice) -> tuple[Entry, ...]: ...
    def __getitem__(self, place: int | slice) -> Entry | tuple[Entry, ...]:
        if isinstance(place, slice):
            return tuple(self[each] for each in range(*place.indices(len(self))))
        return _entry.validate_json(self.line(range(len(self))[place]))

    def __iter__(self) -> Iterator[Entry]:
        for first in range(0, len(self), _TOGETHER):
            last = min(first + _TOGETHER, len(self))
            lines = self.content[self._starts[first] : self._starts[last] - 1]
            yield from _several.validate_json(b"[%b]" % lines.replace(b"\n", b","))

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, StoredEntries):
            return NotImplemented
        ours, theirs = (np.frombuffer(each.content, np.uint8) for each in (self, other))
        return np.array_equal(ours, theirs)

    __hash__ = None  # type: ignore[assignment]  # nobody keeps a million entries as a key

    def line(self, row: int) -> bytes:
        """The bytes of this row."""
        return self.content[self._starts[row] : self._starts[row + 1]]

    def answer_key(self, row: int) -> bytes | None:
        """The same for the same answers; None where there is none.

        No quote stands in a JSON string without a backslash before it, so these are the keys.
        """
        line = self.line(row)
        start = line.index(_ANSWER) + len(_ANSWER)
        answer = line[start : line.index(_TITLE, start)]
        return None if answer == b"null" else answer

    def lines(self) -> Iterator[bytes]:
        """The bytes of each row, its end of line included."""
        return (self.content[start:end] for start, end in itertools.pairwise(self._starts.tolist()))

    def row_of(self, id_: str) -> int | None:
        """The row of the entry with this id; None where there is none."""
        row = bisect.bisect_left(self, id_, key=lambda entry: entry.id)
        return row if row < len(self) and self[row].id == id_ else None

    def rows_holding(self, text: str) -> Iterator[int]:
        """The rows of the entries of which `is_held_by` is true, ascending."""
        wanted = _plain(text)
        inside = _plain(_text.dump_json(text)[1:-1].decode())
        for row, line in enumerate(self.lines()):
            if inside in _plain(line.decode()) and is_held_by(self[row], wanted):
                yield row

    def rows_not_from(self, source: str) -> NDArray[np.intp]:
        """The rows of the entries of all other sources, ascending."""
        others = np.ones(len(self), dtype=bool)
        others[self._rows_from(source)] = False
        return np.flatnonzero(others)

    def compared_with(self, before: StoredEntries) -> Compared:
        """Count what is new, changed and gone since the other list."""
        known = {line: row for row, line in enumerate(before.lines())}
        rows = np.fromiter((known.get(line, -1) for line in self.lines()), np.intp, len(self))
        left = np.ones(len(before), dtype=bool)
        left[rows[rows >= 0]] = False
        gone = {(entry := before[row]).text: (entry.id, row) for row in np.flatnonzero(left).tolist()}
        new_ids, gone_ids = [], {id_ for id_, _ in gone.values()}
        changed = 0
        for place in np.flatnonzero(rows < 0).tolist():
            entry = self[place]
            id_, rows[place] = gone.get(entry.text, ("", -1))
            if rows[place] < 0:
                new_ids.append(entry.id)
            else:
                changed += 1
                gone_ids.discard(id_)
        rewritten = len(gone_ids.intersection(new_ids))
        return Compared(rows, len(new_ids) - rewritten, changed + rewritten, len(gone_ids) - rewritten)

    def digest(self) -> str:
        """The same for the same entries."""
        return hashlib.sha256(self.content).hexdigest()

    def _rows_from(self, source: str) -> list[int]:
        said = b'"source":%b' % _text.dump_json(source)
        rows = []
        place = self.content.find(said)
        while place >= 0:
            row = int(np.searchsorted(self._starts, place, side="right")) - 1
            if self[row].source == source:  # and not one of its fields
                rows.append(row)
            place = self.content.find(said, int(self._starts[row + 1]))
        return rows


def is_held_by(entry: Entry, text: str) -> bool:
    """Whether a part of the entry that people see holds it; width and case do not count."""
    wanted = _plain(text)
    parts = (entry.id, entry.text, entry.answer or "", entry.title or "", *entry.wordings)
    return any(wanted in _plain(part) for part in parts)


def _plain(text: str) -> str:
    return unicodedata.normalize("NFKC", text).casefold()


def line(entry: Entry) -> bytes:
    """An entry as it is stored."""
    return _entry.dump_json(entry) + b"\n"
