"""The files of one snapshot: written from it, and read back with every byte checked.

    SNAPSHOT/manifest.json          counts, model, settings, checksums of the other files and itself
    SNAPSHOT/entries.jsonl
    SNAPSHOT/vectors.safetensors    where the index keeps its vectors here
    SNAPSHOT/passages1.safetensors  what long entries are cut into, where some are, and its vectors
    SNAPSHOT/search.safetensors     the keywords, and the int8 copy where the processor searches:
                                    made from entries and vectors, kept so that a restart need not

Which snapshot is served is not known here. Nothing here knows how vectors are made or compared; what
the index wants kept is kept (`engine.index.protocol`).
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
from collections.abc import Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime
from mmap import mmap
from pathlib import Path
from typing import Any

from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict

from engine.domain import Dropped, SnapshotDamaged
from engine.index import passage_splitter
from engine.index.entry_table import StoredEntries
from engine.index.exact_texts import SameTexts
from engine.index.keywords import Keywords
from engine.index.passage_max import Passages
from engine.index.protocol import Index, Place, RowSearch
from engine.index.snapshot import ModelIdentity, Snapshot, Texts
from engine.storage import chunked_hash, mapped_tensors

FORMAT = 2
MANIFEST = "manifest.json"
_ENTRIES = "entries.jsonl"
_VECTORS = "vectors.safetensors"
_SEARCH = "search.safetensors"
# Passages cut in another way have another name, are passed over here, and made anew by the next refresh.
_PASSAGES = f"passages{passage_splitter.VERSION}.safetensors"
_WITHOUT_PASSAGES = {_ENTRIES, _VECTORS, _SEARCH}
_THREADS = 2


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


def write(folder: Path, snapshot: Snapshot) -> None:
    """Write all files of it into this folder, synced."""
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
    with sync(folder / MANIFEST):
        (folder / MANIFEST).write_text(
            json.dumps({**content, "sha256": _digest_of(content)}, ensure_ascii=False, indent=1),
            encoding="utf-8",
        )
    sync_folder(folder)


def keep_file_open(folder: Path, snapshot: Snapshot) -> Snapshot:
    """The same over the file that was just written, so that the system may take the memory of it back."""
    if not (folder / _VECTORS).exists():
        return snapshot
    vectors = mapped_tensors.arrays_in(mapped_tensors.map_file(folder / _VECTORS))["vectors"]
    return replace(snapshot, scan=snapshot.scan.rebased_on(vectors))


def read(folder: Path, index: Index) -> Snapshot:
    """The snapshot in this folder, every byte of it checked.

    Raises:
        SnapshotDamaged: naming the file and what is wrong with it.
    """
    manifest = _read_manifest(folder)
    present = {each.name for each in folder.iterdir()}
    expected = {MANIFEST, *manifest.files}
    if present != expected or _ENTRIES not in expected:
        raise SnapshotDamaged(f"{folder} holds {sorted(present)}, its manifest names {sorted(expected)}")
    try:
        contents = {name: mapped_tensors.map_file(folder / name) for name in manifest.files}
        _check(folder, manifest, contents)
        return _snapshot_of(manifest, contents, index)
    except (OSError, ValueError, KeyError, TypeError) as problem:
        raise SnapshotDamaged(f"{folder} cannot be read: {problem}") from problem


def files_of(folder: Path) -> dict[str, StoredFile]:
    """All files of a snapshot by name, its manifest included; raises SnapshotDamaged."""
    files = _read_manifest(folder).files
    with ThreadPoolExecutor(1) as pool:
        content = memoryview((folder / MANIFEST).read_bytes())
        checksum = chunked_hash.checksum(chunked_hash.digests(pool, [content]))
    return {**files, MANIFEST: StoredFile(bytes=len(content), checksum=checksum)}


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
    path = folder / MANIFEST
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
    with sync(path), path.open("wb") as file:
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
def sync(path: Path) -> Iterator[None]:
    """Flush this file to disk (fsync) at the end of the block that writes it."""
    yield
    _sync_opened(path, os.O_RDWR)


def sync_files(folder: Path) -> None:
    """Flush the files of this folder, and the folder itself, to disk (fsync)."""
    for each in folder.iterdir():
        _sync_opened(each, os.O_RDWR)
    sync_folder(folder)


def sync_folder(folder: Path) -> None:
    if os.name == "nt":  # Windows cannot sync a folder, and does not need to
        return
    _sync_opened(folder, os.O_RDONLY)


def _sync_opened(path: Path, how: int) -> None:
    descriptor = os.open(path, how)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def remove(path: Path) -> None:
    """Delete a file or a whole folder, where there is one."""
    if path.is_dir():
        shutil.rmtree(path, ignore_errors=True)
    else:
        path.unlink(missing_ok=True)
