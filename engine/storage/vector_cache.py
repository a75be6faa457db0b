"""Vectors that were made once, kept on disk by text and by everything that determines them.

    FOLDER/<fingerprint>/<number>.safetensors     keys, vectors, and the checksum of both

A text that comes back, in another knowledge base, after an edit was taken back or under a
model that was left for a while, is not embedded again. One file, a segment, is written for
each batch of new vectors; small ones are joined. The segments that have not been of use
for longest make room. What is damaged is removed with a line in the log: the cache is
never needed, only cheaper. SQLite, the other candidate, took 24 s to take 265,590 vectors
of 512 and 1.1 GB; segments took 2 s and 0.55 GB.
"""

from __future__ import annotations

import hashlib
import logging
import os
import re
import shutil
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from safetensors import SafetensorError, safe_open
from safetensors.numpy import save_file

from engine.index.snapshot import ModelIdentity, Vectors

SEGMENT_ROWS = 16_384
"""As many rows as one segment is given at once; at 512 numbers each it has 34 MB."""

_SMALL_ROWS = SEGMENT_ROWS // 2
_MANY = 16
_GATHER_SECONDS = 30
_KEY_BYTES = 16
_SUFFIX = ".safetensors"
_PARTIAL = ".partial"
_FOLDER = re.compile(r"[0-9A-Za-z_-]{1,64}")

_Keys = NDArray[np.void]
_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class _Segment:
    path: Path
    keys: _Keys


class VectorCache:
    """Finds the vectors of texts that were embedded before, as exactly as they were made.

    At most `limit_bytes` are kept on disk, over all models; 0 keeps nothing. Nothing raised
    here ends a refresh: a disk that is full or files that are damaged cost time, not truth.
    One thread uses it.
    """

    def __init__(self, folder: Path, *, limit_bytes: int, now: Callable[[], float] = time.time) -> None:
        self._folder = folder
        self._limit_bytes = limit_bytes
        self._now = now
        self._segments: dict[str, list[_Segment]] = {}

    def find(self, model: ModelIdentity, texts: Sequence[str]) -> dict[int, Vectors]:
        """The vectors that are known, by their place in `texts`."""
        places = _places(texts)
        found: dict[int, Vectors] = {}
        for segment in self._newest_first(model):
            rows = _rows_of(segment.keys, places)
            vectors = self._vectors_of(segment, model) if rows else None
            if vectors is None:
                continue
            self._touch(segment)
            for key, row in rows.items():
                vector = np.array(vectors[row])
                found.update(dict.fromkeys(places.pop(key), vector))
        return found

    def keep(self, model: ModelIdentity, texts: Sequence[str], vectors: Vectors) -> None:
        """Remember these; those that are known already count as used just now."""
        if not self._limit_bytes:
            return
        places = _places(texts)
        for segment in self._newest_first(model):
            known = _rows_of(segment.keys, places)
            if known:
                self._touch(segment)
            for key in known:
                del places[key]
        try:
            self._write(model, list(places), vectors[[rows[0] for rows in places.values()]])
            self._join_small_ones(model)
            self._make_room()
        except OSError as problem:
            _log.error("vectors not kept", extra={"reason": str(problem)})

    @contextmanager
    def gathering(
        self, model: ModelIdentity, steady: Callable[[], float]
    ) -> Iterator[Callable[[Sequence[str], Vectors], None]]:
        """Keep many small lots as few segments: when there are enough, each half minute, and at the end."""
        texts: list[str] = []
        lots: list[Vectors] = []
        since = steady()

        def flush() -> None:
            nonlocal since
            if texts:
                self.keep(model, texts, np.concatenate(lots))
            texts.clear()
            lots.clear()
            since = steady()

        def remember(more: Sequence[str], vectors: Vectors) -> None:
            texts.extend(more)
            lots.append(vectors)
            if len(texts) >= SEGMENT_ROWS or steady() - since >= _GATHER_SECONDS:
                flush()

        try:
            yield remember
        finally:
            flush()

    def clear_leftovers(self) -> None:
        """Remove what a crash left half written."""
        for each in self._folder.glob(f"*/*{_PARTIAL}"):
            each.unlink(missing_ok=True)

    @property
    def size_bytes(self) -> int:
        return sum(each.stat().st_size for each in self._files())

    def _newest_first(self, model: ModelIdentity) -> list[_Segment]:
        name = _folder_name(model)
        if name not in self._segments:
            read = (self._open(path) for path in sorted((self._folder / name).glob(f"*{_SUFFIX}")))
            self._segments[name] = [each for each in read if each]
        return self._segments[name][::-1]

    def _open(self, path: Path) -> _Segment | None:
        try:
            with safe_open(path, framework="numpy") as file:
                return _Segment(path, _as_keys(file.get_tensor("keys")))
        except (OSError, ValueError, SafetensorError) as problem:
            self._drop(path, str(problem))
            return None

    def _vectors_of(self, segment: _Segment, model: ModelIdentity) -> Vectors | None:
        """The rows of a segment, once every byte of it is what was written; else it is removed."""
        try:
            with safe_open(segment.path, framework="numpy") as file:
                said: dict[str, Any] = file.metadata() or {}
                keys, vectors = file.get_tensor("keys"), file.get_tensor("vectors")
        except (OSError, ValueError, SafetensorError) as problem:
            self._drop(segment.path, str(problem))
            return None
        is_ours = vectors.dtype == np.float32 and vectors.shape == (len(keys), model.dimension)
        if (
            not is_ours
            or said != _head(model, keys, vectors)
            or not np.array_equal(_as_keys(keys), segment.keys)
        ):
            self._drop(segment.path, "its checksum differs")
            return None
        rows: Vectors = vectors
        return rows

    def _write(self, model: ModelIdentity, keys: Sequence[bytes], vectors: Vectors) -> None:
        if not keys:
            return
        name = _folder_name(model)
        folder = self._folder / name
        folder.mkdir(parents=True, exist_ok=True)
        last = max((int(path.stem) for path in folder.glob(f"*{_SUFFIX}") if path.stem.isdigit()), default=0)
        path = folder / f"{last + 1:08d}{_SUFFIX}"
        partial = path.with_suffix(_PARTIAL)
        packed = np.frombuffer(b"".join(keys), np.uint8).reshape(len(keys), _KEY_BYTES)
        rows = np.ascontiguousarray(vectors, np.float32)
        try:
            save_file({"keys": packed, "vectors": rows}, partial, metadata=_head(model, packed, rows))
            with partial.open("rb+") as file:
                os.fsync(file.fileno())
            partial.replace(path)
        except (OSError, SafetensorError) as problem:
            partial.unlink(missing_ok=True)
            raise OSError(str(problem)) from problem
        segment = _Segment(path, _as_keys(packed))
        self._touch(segment)
        self._segments.setdefault(name, []).append(segment)

    def _join_small_ones(self, model: ModelIdentity) -> None:
        """One segment for many small ones, so that a year of small edits is not a year of files."""
        small = [each for each in self._newest_first(model) if len(each.keys) < _SMALL_ROWS]
        if len(small) < _MANY:
            return
        parts = [(each, rows) for each in small if (rows := self._vectors_of(each, model)) is not None]
        known = {key: (rows, row) for each, rows in parts for row, key in enumerate(_bytes_of(each.keys))}
        for each, _ in parts:
            self._forget(each.path)
        keys = list(known)
        vectors = np.stack([known[key][0][known[key][1]] for key in keys])
        for start in range(0, len(keys), SEGMENT_ROWS):
            part = slice(start, start + SEGMENT_ROWS)
            self._write(model, keys[part], vectors[part])
        # Only now: a crash before this line leaves some vectors twice, and none lost.
        for each, _ in parts:
            each.path.unlink(missing_ok=True)

    def _make_room(self) -> None:
        """Remove the segments that were of no use for longest."""
        files = [(path, path.stat()) for path in self._files()]
        size = sum(about.st_size for _, about in files)
        for path, about in sorted(files, key=lambda each: (each[1].st_mtime_ns, each[0])):
            if size <= self._limit_bytes:
                return
            path.unlink(missing_ok=True)
            self._forget(path)
            size -= about.st_size

    def _files(self) -> Iterable[Path]:
        return self._folder.glob(f"*/*{_SUFFIX}")

    def _touch(self, segment: _Segment) -> None:
        at = int(self._now() * 1e9)
        try:
            os.utime(segment.path, ns=(at, at))
        except OSError as problem:
            _log.warning(
                "use of vectors not noted", extra={"file": str(segment.path), "reason": str(problem)}
            )

    def _drop(self, path: Path, reason: str) -> None:
        _log.error("kept vectors dropped", extra={"file": str(path), "reason": reason})
        if path.is_dir():
            shutil.rmtree(path, ignore_errors=True)
        else:
            path.unlink(missing_ok=True)
        self._forget(path)

    def _forget(self, path: Path) -> None:
        name = path.parent.name
        if name in self._segments:
            self._segments[name] = [each for each in self._segments[name] if each.path != path]


def _places(texts: Sequence[str]) -> dict[bytes, list[int]]:
    """The positions of each text, by its key."""
    places: dict[bytes, list[int]] = {}
    for place, text in enumerate(texts):
        key = hashlib.sha256(text.encode(errors="surrogatepass")).digest()[:_KEY_BYTES]
        places.setdefault(key, []).append(place)
    return places


def _rows_of(keys: _Keys, wanted: dict[bytes, list[int]]) -> dict[bytes, int]:
    """The rows of the wanted keys; those that are missing are left out."""
    if not wanted or not len(keys):
        return {}
    asked = np.frombuffer(b"".join(wanted), f"V{_KEY_BYTES}")
    rows = np.flatnonzero(np.isin(_sortable(keys), _sortable(asked)))
    return {key: int(row) for row in rows if (key := keys[row].tobytes()) in wanted}


def _sortable(keys: _Keys) -> NDArray[np.uint64]:
    # numpy does not sort raw bytes. Half a key finds the rows, the whole key decides.
    halves: NDArray[np.uint64] = keys.view(np.uint64).reshape(len(keys), 2)[:, 0]
    return halves


def _as_keys(packed: NDArray[np.uint8]) -> _Keys:
    if packed.dtype != np.uint8 or packed.ndim != 2 or packed.shape[1] != _KEY_BYTES:  # noqa: PLR2004 - rows and columns
        raise ValueError(f"keys of shape {packed.shape}")
    keys: _Keys = np.ascontiguousarray(packed).view(f"V{_KEY_BYTES}").reshape(len(packed))
    return keys


def _bytes_of(keys: _Keys) -> list[bytes]:
    whole = keys.tobytes()
    return [whole[start : start + _KEY_BYTES] for start in range(0, len(whole), _KEY_BYTES)]


def _head(model: ModelIdentity, keys: NDArray[np.uint8], vectors: Vectors) -> dict[str, str]:
    digest = hashlib.sha256(keys.tobytes())
    digest.update(np.ascontiguousarray(vectors).data)
    return {"model": model.name, "fingerprint": model.fingerprint, "sha256": digest.hexdigest()}


def _folder_name(model: ModelIdentity) -> str:
    if _FOLDER.fullmatch(model.fingerprint):
        return model.fingerprint
    return hashlib.sha256(model.fingerprint.encode()).hexdigest()[:32]
