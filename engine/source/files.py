"""From the `source` of a knowledge base to files, and from files to a Reading."""

from __future__ import annotations

import glob
import hashlib
import os
from collections.abc import Generator, Iterator
from contextlib import closing
from pathlib import Path

from engine.domain import Dropped, Reading, SourceError
from engine.source.documents import KINDS, Documents
from engine.source.formats import BY_SUFFIX
from engine.source.gather import gather
from engine.source.limits import DEFAULT_LIMITS, Limits
from engine.source.record import Record

SUFFIXES = (*BY_SUFFIX, *KINDS)
_READ = ", ".join(SUFFIXES)


def read(spec: str, base: Path, limits: Limits = DEFAULT_LIMITS) -> Reading:
    """Read a file, a folder with all below it, or a glob (`**` included), relative to `base`.

    Of a folder, hidden files are passed over; other kinds of files, and links that lead
    out of it, are reported as dropped. Raises SourceError when anything cannot be read,
    and when nothing is left, because an empty knowledge base is a mistake in the source.
    """
    try:
        paths, dropped = _found(spec, base)
        with Documents(limits) as documents, closing(_records(paths, base, limits, documents)) as records:
            reading = gather("", records, limits)
    except OSError as error:
        raise SourceError(f"{error.filename or spec} cannot be read: {error.strerror or error}") from error
    except ValueError as error:  # a NUL in the path
        raise SourceError(f"{spec!r} is not a path: {error}") from error
    if not reading.entries:
        raise SourceError(f"{spec} holds no entry: {nothing_of(reading)}")
    return Reading(reading.entries, reading.read, (*dropped, *reading.dropped))


def fingerprint(spec: str, base: Path, limits: Limits = DEFAULT_LIMITS) -> str:
    """What stays the same as long as `read` would give the same again; empty when that cannot be told.

    It looks into every file, because a time of change can lie, but understands none.
    """
    sha256 = hashlib.sha256()
    left = limits.bytes
    try:
        paths, dropped = _found(spec, base)
        for path in paths:
            with path.open("rb") as file:
                content = file.read(left + 1)
            left -= len(content)
            if left < 0:
                return ""
            sha256.update(f"{_name(path, base)}\0{len(content)}\0".encode(errors="surrogateescape"))
            sha256.update(content)
    except (SourceError, OSError, ValueError):
        return ""  # `read` will say it better
    sha256.update("\0".join(each.where for each in dropped).encode(errors="surrogateescape"))
    return sha256.hexdigest()


def nothing_of(reading: Reading) -> str:
    """Why a reading has no entries."""
    if reading.read or not reading.dropped:
        return f"{reading.read} rows, none with a letter or digit in its text"
    first = reading.dropped[0]
    return f"{first.where} {first.reason}"


def _found(spec: str, base: Path) -> tuple[list[Path], list[Dropped]]:
    path = base / spec
    if "://" in spec:
        raise SourceError(f"{spec} is an address; a source is a file, a folder or a glob")
    if path.is_dir():
        paths, dropped = _in_folder(path, base)
        if not paths:
            raise SourceError(f"{spec} is a folder without any {_READ} file")
        return paths, dropped
    if path.exists():
        return [path], []
    if glob.has_magic(spec):
        # Not Path.glob: that one takes no absolute pattern.
        matches = sorted(glob.glob(spec, root_dir=base, recursive=True))  # noqa: PTH207
        if files := [base / match for match in matches if (base / match).is_file()]:
            return files, []
        raise SourceError(f"{spec} matches no file in {base}")
    raise SourceError(f"{spec} does not exist in {base}")


def _in_folder(folder: Path, base: Path) -> tuple[list[Path], list[Dropped]]:
    paths: list[Path] = []
    dropped: list[Dropped] = []
    for path in _below(folder):
        if path.suffix.lower() not in SUFFIXES:
            dropped.append(Dropped(_name(path, base), f"is none of {_READ}"))
        elif not path.resolve().is_relative_to(folder.resolve()):
            dropped.append(Dropped(_name(path, base), "is a link that leads out of the folder"))
        else:
            paths.append(path)
    return paths, dropped


def _below(folder: Path) -> Iterator[Path]:
    def refuse(error: OSError) -> None:
        raise error

    for place, folders, files in os.walk(folder, onerror=refuse):
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        # "~$" is what Word puts beside a file while somebody has it open.
        yield from (Path(place, name) for name in sorted(files) if not name.startswith((".", "~$")))


def _records(
    paths: list[Path], base: Path, limits: Limits, documents: Documents
) -> Generator[Record | Dropped]:
    left = limits.bytes
    for path in paths:
        name = _name(path, base)
        suffix = path.suffix.lower()
        if suffix not in SUFFIXES or not path.is_file():
            raise SourceError(f"{name} is none of {_READ}")
        with path.open("rb") as file:
            content = file.read(left + 1)
        left -= len(content)
        if left < 0:
            raise SourceError(f"{name} goes past the limit of {limits.bytes} bytes for one source")
        if not content.strip():
            raise SourceError(f"{name}:1 is empty")
        if suffix in KINDS:
            yield from documents.records(name, KINDS[suffix], content)
        else:
            yield from BY_SUFFIX[suffix](name, content)


def _name(path: Path, base: Path) -> str:
    return path.relative_to(base).as_posix() if path.is_relative_to(base) else str(path)
