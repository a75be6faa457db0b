"""Snapshots on disk, so that a restart answers at once and a crash changes nothing.

    FOLDER/current.json                    which snapshot is served, when it was confirmed, and which
                                           one was served before
    FOLDER/<snapshot>/manifest.json        counts, model, settings, checksums of the other files and itself
    FOLDER/<snapshot>/entries.jsonl
    FOLDER/<snapshot>/vectors.safetensors  where the index keeps its vectors here
    FOLDER/<snapshot>/passages1.safetensors  what long entries are cut into, where some are, and its vectors
    FOLDER/incoming.partial/<snapshot>/    what another engine published, while it is fetched
    FOLDER/<snapshot>/search.safetensors   the keywords, and the int8 copy where the processor searches:
                                           made from entries and vectors, kept so that a restart need not

A snapshot is written under a temporary name, synced, renamed, and only then pointed to.
The one before stays. Nothing here knows how vectors are made or compared; what the index
wants kept is kept (`engine.index.protocol`).
"""

from __future__ import annotations

import hashlib
import json
import logging
import os
import shutil
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime
from mmap import mmap
from pathlib import Path
from typing import Any

from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, ValidationError

from engine.domain import Dropped, Entry, NoSnapshot, RolledBack, SnapshotDamaged, SnapshotGone
from engine.index import passage_splitter
from engine.index.entry_table import StoredEntries
from engine.index.exact_texts import SameTexts
from engine.index.keywords import Keywords
from engine.index.passage_max import Passages
from engine.index.protocol import Index, Place, RowSearch
from engine.index.snapshot import ModelIdentity, Snapshot, Texts
from engine.storage import chunked_hash, mapped_tensors

FORMAT = 2
_MANIFEST = "manifest.json"
_ENTRIES = "entries.jsonl"
_VECTORS = "vectors.safetensors"
_SEARCH = "search.safetensors"
# Passages cut in another way have another name, are passed over here, and made anew by the next refresh.
_PASSAGES = f"passages{passage_splitter.VERSION}.safetensors"
_WITHOUT_PASSAGES = {_ENTRIES, _VECTORS, _SEARCH}
_POINTER = "current.json"
_PARTIAL = ".partial"
_INCOMING = f"incoming{_PARTIAL}"
_THREADS = 2

_log = logging.getLogger(__name__)


class StoredFile(BaseModel):
    """The length of a file, and its checksum in the way of `engine.storage.chunked_hash`."""

    model_config = ConfigDict(extra="forbid")

    bytes: int
    checksum: str


class _Manifest(BaseModel):
    model_config = ConfigDict(extra="forbid")

    format: int
    snapshot: str
    knowledge_base: str
    created: datetime
    entries: int
    read: int
    dropped: tuple[Dropped, ...]
    model: ModelIdentity
    files: dict[str, StoredFile]


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
        """That `current` was gone back to; until something else is published or this is released."""
        return self._rolled_back

    def load(self) -> Snapshot | None:
        """Take up the snapshot last published, or the newest before it that is whole; clear leftovers."""
        self._folder.mkdir(parents=True, exist_ok=True)
        for leftover in self._folder.glob(f"*{_PARTIAL}"):
            _remove(leftover)
        pointer = self._read_pointer()
        damaged = []
        for name in self._candidates(pointer):
            try:
                loaded = _read(self._folder / name, self._index)
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
        _remove(partial)
        try:
            partial.mkdir()
            _write(partial, snapshot)
        except OSError:
            _remove(partial)  # a full disk should get its space back
            raise
        self._reached("written")
        partial.replace(self._folder / snapshot.id)
        _sync_folder(self._folder)
        self._reached("renamed")
        snapshot = _keep_file_open(self._folder / snapshot.id, snapshot)
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
                return _read(self._folder / self._before, self._index)
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
        folder = self._published_folder(snapshot)
        manifest = folder / _MANIFEST
        files = _read_manifest(folder).files
        with ThreadPoolExecutor(1) as pool:
            content = memoryview(manifest.read_bytes())
            checksum = chunked_hash.checksum(chunked_hash.digests(pool, [content]))
        return {**files, _MANIFEST: StoredFile(bytes=len(content), checksum=checksum)}

    def path_of(self, snapshot: str, file: str) -> Path:
        """Where this file of `files_of` lies; raises what that does, and SnapshotGone for no file of it."""
        folder = self._published_folder(snapshot)
        if file not in {_MANIFEST, *_read_manifest(folder).files}:
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
        _remove(self._folder / _INCOMING)

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
            _sync_files(source)
            taken = replace(_read(source, self._index), number=number, checked_at=checked_at)
        except SnapshotDamaged:
            _remove(source)
            raise
        self._reached("written")
        if is_new:
            source.replace(target)
            _sync_folder(self._folder)
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
        """By the clock, so that a folder that was lost begins above what it had; never below the last."""
        return max(self._current.number + 1 if self._current else 0, _milliseconds(when))

    def _serve(self) -> None:
        """Tell the index what is served, and what else has a folder: it may be served again."""
        if self._current:
            self._index.serve(list(dict.fromkeys([self._current.id, *self._names()])))

    def _names(self) -> list[str]:
        """Of all snapshots that are kept, the newest first."""
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
        with _sync(partial):
            partial.write_text(pointer.model_dump_json(), encoding="utf-8")
        partial.replace(self._folder / _POINTER)
        _sync_folder(self._folder)

    def _clear(self, keep: set[str | None]) -> None:
        for each in self._folder.iterdir():
            if each.is_dir() and each.name not in keep:
                _remove(each)


def _write(folder: Path, snapshot: Snapshot) -> None:
    kept = dict(snapshot.scan.arrays())
    vectors = kept.pop("vectors", None)
    made = kept | snapshot.keywords.arrays() | snapshot.same_texts.arrays()
    contents = {
        _SEARCH: mapped_tensors.pieces(made),
        _ENTRIES: [memoryview(snapshot.entries.content)],
    }
    if vectors is not None:
        contents[_VECTORS] = mapped_tensors.pieces({"vectors": vectors})
    if snapshot.passages:
        contents[_PASSAGES] = mapped_tensors.pieces(snapshot.passages.arrays())
    with ThreadPoolExecutor(_THREADS) as pool:
        # Of what is meant, not of what can be read back; written while it is hashed.
        digests = {name: chunked_hash.digests(pool, parts) for name, parts in contents.items()}
        files = {
            name: StoredFile(bytes=_put(folder / name, parts), checksum=chunked_hash.checksum(digests[name]))
            for name, parts in contents.items()
        }
    manifest = _Manifest(
        format=FORMAT,
        snapshot=snapshot.id,
        knowledge_base=snapshot.knowledge_base,
        created=snapshot.created,
        entries=snapshot.size,
        read=snapshot.read,
        dropped=snapshot.dropped,
        model=snapshot.model,
        files=files,
    )
    content = manifest.model_dump(mode="json")
    with _sync(folder / _MANIFEST):
        (folder / _MANIFEST).write_text(
            json.dumps({**content, "sha256": _digest_of(content)}, ensure_ascii=False, indent=1),
            encoding="utf-8",
        )
    _sync_folder(folder)


def _keep_file_open(folder: Path, snapshot: Snapshot) -> Snapshot:
    """The same over the file that was just written, so that the system may take the memory of it back."""
    if not (folder / _VECTORS).exists():
        return snapshot
    vectors = mapped_tensors.arrays_in(mapped_tensors.map_file(folder / _VECTORS))["vectors"]
    return replace(snapshot, scan=snapshot.scan.rebased_on(vectors))


def _read(folder: Path, index: Index) -> Snapshot:
    """The snapshot in this folder, every byte of it checked.

    Raises:
        SnapshotDamaged: naming the file and what is wrong with it.
    """
    manifest = _read_manifest(folder)
    present = {each.name for each in folder.iterdir()}
    expected = {_MANIFEST, *manifest.files}
    if present != expected or _ENTRIES not in expected:
        raise SnapshotDamaged(f"{folder} holds {sorted(present)}, its manifest names {sorted(expected)}")
    try:
        contents = {name: mapped_tensors.map_file(folder / name) for name in manifest.files}
        _check(folder, manifest, contents)
        return _snapshot_of(manifest, contents, index)
    except (OSError, ValueError, KeyError, TypeError) as problem:
        raise SnapshotDamaged(f"{folder} cannot be read: {problem}") from problem


def _snapshot_of(manifest: _Manifest, contents: dict[str, bytes | mmap], index: Index) -> Snapshot:
    """Over these bytes, which are to the last one what was published, and were checked then."""
    entries = StoredEntries(contents[_ENTRIES])
    size = len(entries)
    if size != manifest.entries:
        raise ValueError(f"{size} entries, the manifest says {manifest.entries}")
    made = mapped_tensors.arrays_in(contents[_SEARCH]) if _SEARCH in contents else {}
    vectors = mapped_tensors.arrays_in(contents[_VECTORS]) if _VECTORS in contents else {}

    def open_passages(stored: Mapping[str, NDArray[Any]], rows: int) -> RowSearch:
        return index.open(Place(manifest.snapshot, "passages"), stored, (rows, manifest.model.dimension))

    scan = index.open(Place(manifest.snapshot), {**made, **vectors}, (size, manifest.model.dimension))
    passages = None
    if _PASSAGES in contents:
        passages = Passages.from_arrays(mapped_tensors.arrays_in(contents[_PASSAGES]), size, open_passages)
    elif set(manifest.files) - _WITHOUT_PASSAGES:
        made = {}  # cut in another way, so what was made from the wordings does not fit either
    texts = Texts(entries, passages)
    return Snapshot(
        id=manifest.snapshot,
        knowledge_base=manifest.knowledge_base,
        created=manifest.created,
        checked_at=manifest.created,
        model=manifest.model,
        entries=entries,
        same_texts=SameTexts.from_arrays(made, len(texts)) or SameTexts.of(texts),
        scan=scan,
        keywords=Keywords.from_arrays(made, len(texts)) or Keywords.of(list(texts)),
        passages=passages,
        read=manifest.read,
        dropped=manifest.dropped,
    )


def _read_manifest(folder: Path) -> _Manifest:
    path = folder / _MANIFEST
    try:
        content: dict[str, Any] = json.loads(path.read_bytes())
        said = content.pop("sha256")
        manifest = _Manifest.model_validate(content)
    except (OSError, ValueError, KeyError, AttributeError, TypeError) as problem:
        raise SnapshotDamaged(f"{path} cannot be read: {problem}") from problem
    if said != _digest_of(content):
        raise SnapshotDamaged(f"{path} does not have the checksum it names")
    if manifest.format != FORMAT:
        raise SnapshotDamaged(f"{path} has format {manifest.format}, this version reads {FORMAT}")
    if manifest.snapshot != folder.name:
        raise SnapshotDamaged(f"{path} belongs to {manifest.snapshot}, not to {folder.name}")
    return manifest


def _digest_of(content: dict[str, Any]) -> str:
    return hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()


def _put(path: Path, parts: Iterable[memoryview]) -> int:
    """Write these bytes, synced, and count them."""
    with _sync(path), path.open("wb") as file:
        return sum(map(file.write, parts))


def _check(folder: Path, manifest: _Manifest, contents: Mapping[str, bytes | mmap]) -> None:
    """Raises SnapshotDamaged: a file is not what the manifest says."""
    with ThreadPoolExecutor(_THREADS) as pool:
        digests = {
            name: chunked_hash.digests(pool, [memoryview(content)]) for name, content in contents.items()
        }
        for name, content in contents.items():
            found = StoredFile(bytes=len(content), checksum=chunked_hash.checksum(digests[name]))
            if found != manifest.files[name]:
                raise SnapshotDamaged(f"{folder / name} is not what the manifest says: its checksum differs")


@contextmanager
def _sync(path: Path) -> Iterator[None]:
    """Sync a folder: what is written inside has reached the disk afterwards."""
    yield
    descriptor = os.open(path, os.O_RDWR)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _sync_files(folder: Path) -> None:
    for each in folder.iterdir():
        with _sync(each):
            pass
    _sync_folder(folder)


def _milliseconds(when: datetime) -> int:
    return int(when.timestamp() * 1000)


def _sync_folder(folder: Path) -> None:
    if os.name == "nt":  # Windows cannot sync a folder, and does not need to
        return
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _remove(path: Path) -> None:
    if path.is_dir():
        shutil.rmtree(path, ignore_errors=True)
    else:
        path.unlink(missing_ok=True)
