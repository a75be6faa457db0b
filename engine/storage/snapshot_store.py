"""Snapshots on disk, so that a restart answers at once and a crash changes nothing.

    FOLDER/current.json                  which snapshot is served, under which number, when it was confirmed,
                                         and which one was served before
    FOLDER/<snapshot>/                   its files (`engine.storage.snapshot_files`)
    FOLDER/incoming.partial/<snapshot>/  what another engine published, while it is fetched

A snapshot is written under a temporary name, synced, renamed, and only then pointed to.
The one before stays.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from datetime import datetime
from pathlib import Path

from pydantic import BaseModel, ValidationError

from engine.domain import Entry, NoSnapshot, RolledBack, SnapshotDamaged, SnapshotGone
from engine.index.entry_table import StoredEntries
from engine.index.protocol import Index
from engine.index.snapshot import Snapshot
from engine.storage import snapshot_files
from engine.storage.snapshot_files import StoredFile, remove, sync, sync_files, sync_folder

_POINTER = "current.json"
_PARTIAL = ".partial"
_INCOMING = f"incoming{_PARTIAL}"

_log = logging.getLogger(__name__)


class _Pointer(BaseModel):
    snapshot: str
    confirmed: datetime
    before: str | None = None  # said, not guessed from the names: clocks go back, too
    number: int = 0
    rolled_back: RolledBack | None = None


class SnapshotStore:
    """The one snapshot being served, and its copy on disk.

    Readers take `current` once and keep it for the whole question: a publish in between
    does not change what they see. After `publish` returns, a restart serves the new
    snapshot; if it raises, both memory and disk still have the old. One thread publishes.
    The vectors of all snapshots here are in `index`. Each that is served gets a higher `number` than
    those before it, whatever the clock says, one that was gone back to as well.
    `reached` is told the name of each step on the way to the disk; tests stop there.
    """

    def __init__(
        self,
        folder: Path,
        index: Index,
        *,
        reached: Callable[[str], None] = lambda _: None,
    ) -> None:
        self._folder = folder
        self._index = index
        self._reached = reached
        self._current: Snapshot | None = None
        self._before: str | None = None
        self._rolled_back: RolledBack | None = None
        self.damaged: tuple[str, ...] = ()

    @property
    def current(self) -> Snapshot | None:
        return self._current

    @property
    def rolled_back(self) -> RolledBack | None:
        """The rollback to `current`; None once something else is published, or the rollback is released."""
        return self._rolled_back

    def load(self) -> Snapshot | None:
        """Take up the snapshot last published, or the newest before it that is whole; clear leftovers."""
        self._folder.mkdir(parents=True, exist_ok=True)
        for leftover in self._folder.glob(f"*{_PARTIAL}"):
            remove(leftover)
        pointer = self._read_pointer()
        damaged = []
        for name in self._candidates(pointer):
            try:
                loaded = snapshot_files.read(self._folder / name, self._index)
            except SnapshotDamaged as problem:
                damaged.append(name)
                _log.error("snapshot refused", extra={"snapshot": name, "reason": problem.message})
                continue
            loaded = replace(loaded, number=_milliseconds(loaded.created))
            if pointer and pointer.snapshot == name:
                number = pointer.number or loaded.number
                loaded = replace(loaded, checked_at=pointer.confirmed, number=number)
                self._before, self._rolled_back = pointer.before, pointer.rolled_back
            self._current = loaded
            break
        self.damaged = tuple(damaged)
        self._serve()
        return self._current

    def search_beside_model(self) -> None:
        """Search what was loaded as the index does now: then it could not know where the model runs."""
        if self._current:
            self._current = self._current.beside_model(self._index)

    def publish(self, snapshot: Snapshot) -> None:
        """Make this the snapshot that is served, now and after a restart."""
        self._folder.mkdir(parents=True, exist_ok=True)
        partial = self._folder / f"{snapshot.id}{_PARTIAL}"
        remove(partial)
        try:
            partial.mkdir()
            snapshot_files.write(partial, snapshot)
        except OSError:
            remove(partial)  # a full disk should get its space back
            raise
        self._reached("written")
        partial.replace(self._folder / snapshot.id)
        sync_folder(self._folder)
        self._reached("renamed")
        snapshot = snapshot_files.keep_file_open(self._folder / snapshot.id, snapshot)
        snapshot = replace(snapshot, number=self._next_number(snapshot.created))
        before = self._current.id if self._current else None
        self._point_to(snapshot, before)
        self._reached("pointed")
        self._current, self._before, self._rolled_back = snapshot, before, None
        self._reached("published")
        self._clear(keep={snapshot.id, before})
        self._serve()

    def confirm(self, when: datetime) -> None:
        """Note that the sources still say what the current snapshot says."""
        if self._current is None:
            raise AssertionError("nothing to confirm; this is a bug")
        checked = replace(self._current, checked_at=when)
        self._point_to(checked, self._before)
        self._current, self._rolled_back = checked, None

    def before(self) -> Snapshot:
        """The snapshot that was published before the current one, whole and checked.

        Raises:
            NoSnapshot: there is none.
        """
        if self._before:
            try:
                return snapshot_files.read(self._folder / self._before, self._index)
            except SnapshotDamaged as problem:
                _log.error("snapshot refused", extra={"snapshot": self._before, "reason": problem.message})
        raise NoSnapshot("there is no snapshot before the one being served")

    def roll_back(self, to: Snapshot, when: datetime) -> RolledBack:
        """Serve this snapshot of `before` again, and note what was gone back from."""
        if self._current is None:
            raise AssertionError("nothing to roll back from; this is a bug")
        note = RolledBack(self._current.id, when, self._current.entries.digest())
        to = replace(to, number=self._next_number(when))
        self._point_to(to, None, note)
        self._current, self._before, self._rolled_back = to, None, note
        self._serve()
        return note

    def refuses(self, entries: Sequence[Entry]) -> bool:
        """Whether these, in the order of their ids, are what was rolled back from."""
        return (
            self._rolled_back is not None and self._rolled_back.refused == StoredEntries.of(entries).digest()
        )

    def release(self) -> None:
        """Let what was rolled back from be published again."""
        if self._current and self._rolled_back:
            self._point_to(self._current, self._before)
            self._rolled_back = None

    def files_of(self, snapshot: str) -> dict[str, StoredFile]:
        """The files of this snapshot by name, for whoever fetches it.

        Raises:
            SnapshotGone: it is neither served nor the one before.
            SnapshotDamaged: its manifest cannot be read.
        """
        return snapshot_files.files_of(self._published_folder(snapshot))

    def path_of(self, snapshot: str, file: str) -> Path:
        """The path of one of `files_of`; raises what that does, and SnapshotGone for no file of it."""
        folder = self._published_folder(snapshot)
        if file not in snapshot_files.files_of(folder):
            raise SnapshotGone(f'snapshot "{snapshot}" has no file "{file}"')
        return folder / file

    def incoming(self, snapshot: str) -> Path | None:
        """The folder for the files of a snapshot published elsewhere; None when it is here already."""
        if (self._folder / snapshot).is_dir():
            return None
        folder = self._folder / _INCOMING / snapshot
        if not folder.is_dir():
            self.clear_incoming()  # of another one, which was not finished
            folder.mkdir(parents=True)
        return folder

    def clear_incoming(self) -> None:
        """Give up what was fetched so far, and its space."""
        remove(self._folder / _INCOMING)

    def adopt(self, snapshot: str, number: int, checked_at: datetime) -> None:
        """Serve this snapshot, published elsewhere under this number, from here or from `incoming`.

        Every byte is checked before anything changes.

        Raises:
            SnapshotDamaged: it is not what its manifest says; it is deleted, so that it is fetched anew.
        """
        current = self._current
        if current and current.id == snapshot:
            known = replace(current, number=number, checked_at=checked_at)
            self._point_to(known, self._before)
            self._current = known
            return
        target = self._folder / snapshot
        is_new = not target.is_dir()
        source = self._folder / _INCOMING / snapshot if is_new else target
        try:
            sync_files(source)
            taken = replace(snapshot_files.read(source, self._index), number=number, checked_at=checked_at)
        except SnapshotDamaged:
            remove(source)
            raise
        self._reached("written")
        if is_new:
            source.replace(target)
            sync_folder(self._folder)
        self._reached("renamed")
        before = current.id if current else None
        self._point_to(taken, before)
        self._reached("pointed")
        self._current, self._before, self._rolled_back = taken, before, None
        self._reached("published")
        self._clear(keep={snapshot, before})
        self._serve()

    def _published_folder(self, snapshot: str) -> Path:
        current = self._current
        if current is None or snapshot not in {current.id, self._before}:
            served = f'"{current.id}" is' if current else "nothing is yet"
            raise SnapshotGone(f'snapshot "{snapshot}" is not served any more, but {served}')
        return self._folder / snapshot

    def _next_number(self, when: datetime) -> int:
        """The next snapshot's number: the time in ms, also above those of a lost folder; it always grows."""
        return max(self._current.number + 1 if self._current else 0, _milliseconds(when))

    def _serve(self) -> None:
        """Tell the index what is served, and what else has a folder: it may be served again."""
        if self._current:
            self._index.serve(list(dict.fromkeys([self._current.id, *self._names()])))

    def _names(self) -> list[str]:
        """The names of all stored snapshots, the newest first."""
        folders = (each.name for each in self._folder.iterdir() if each.is_dir())
        return sorted((name for name in folders if not name.endswith(_PARTIAL)), reverse=True)

    def _candidates(self, pointer: _Pointer | None) -> Iterator[str]:
        """Snapshots that may be served, the best first: as the pointer says, else the newest by name."""
        there = self._names()
        named = [pointer.snapshot, pointer.before] if pointer else []
        yield from dict.fromkeys([*(name for name in named if name in there), *there])

    def _read_pointer(self) -> _Pointer | None:
        try:
            return _Pointer.model_validate_json((self._folder / _POINTER).read_bytes())
        except FileNotFoundError:
            return None
        except (OSError, ValidationError):
            _log.error("pointer refused", extra={"file": str(self._folder / _POINTER)})
            return None

    def _point_to(
        self, snapshot: Snapshot, before: str | None, rolled_back: RolledBack | None = None
    ) -> None:
        pointer = _Pointer(
            snapshot=snapshot.id,
            confirmed=snapshot.checked_at,
            before=before,
            rolled_back=rolled_back,
            number=snapshot.number,
        )
        partial = self._folder / f"{_POINTER}{_PARTIAL}"
        with sync(partial):
            partial.write_text(pointer.model_dump_json(), encoding="utf-8")
        partial.replace(self._folder / _POINTER)
        sync_folder(self._folder)

    def _clear(self, keep: set[str | None]) -> None:
        for each in self._folder.iterdir():
            if each.is_dir() and each.name not in keep:
                remove(each)


def _milliseconds(when: datetime) -> int:
    return int(when.timestamp() * 1000)
