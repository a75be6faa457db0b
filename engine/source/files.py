"""Reading files: from the `source` of a knowledge base to files, and from these to SourceContents."""

from __future__ import annotations

import glob
import hashlib
import os
from collections.abc import Generator, Iterator
from contextlib import closing
from pathlib import Path

from engine.domain import Dropped, FailedSource, SourceContents, SourceError
from engine.source.documents import Documents
from engine.source.gather import gather
from engine.source.kinds import BY_SUFFIX, READ
from engine.source.limits import DEFAULT_LIMITS, Limits
from engine.source.record import Record


def read(spec: str, base: Path, limits: Limits = DEFAULT_LIMITS) -> SourceContents:
    """Read a file, a folder with all below it, or a glob (`**` included), relative to `base`.

    Of a folder, hidden files are passed over; other kinds of files, empty ones, and links that
    lead out of it, are reported as dropped. Of several files, one that cannot be read is
    reported as failed. Raises SourceError when nothing can be read, and when nothing is
    left, because an empty knowledge base is a mistake in the source.
    """
    try:
        paths, dropped, is_one = _find(spec, base)
        with Documents(limits) as documents:
            files = _Files(base, limits, documents, fails_alone=not is_one)
            with closing(files.records(paths)) as records:
                reading = gather("", records, limits)
    except OSError as error:
        raise SourceError(
            f"{error.filename or spec} cannot be read: {error.strerror or error}", "no_access"
        ) from error
    except ValueError as error:  # a NUL in the path
        raise SourceError(f"{spec!r} is not a path: {error}") from error
    if not reading.entries:
        raise SourceError(_nothing(spec, reading, files.failed))
    return SourceContents(
        reading.entries,
        reading.read,
        (*dropped, *reading.dropped),
        tuple(files.failed),
        notes=reading.notes,
    )


def fingerprint(spec: str, base: Path, limits: Limits = DEFAULT_LIMITS) -> str:
    """A text that is the same as long as `read` would give the same again; "" when that cannot be told.

    It looks into every file, because a time of change can lie, but understands none.
    """
    sha256 = hashlib.sha256()
    left = limits.bytes
    try:
        paths, dropped, _ = _find(spec, base)
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


def looks(spec: str, base: Path) -> dict[str, tuple[int, int]]:
    """Size and time of change of each file, by name; nothing where they cannot be told."""
    try:
        paths, _, _ = _find(spec, base)
        stats = {_name(path, base): path.stat() for path in paths}
    except (SourceError, OSError, ValueError):
        return {}
    return {path: (stat.st_size, stat.st_mtime_ns) for path, stat in stats.items()}


def nothing_of(reading: SourceContents) -> str:
    """The reason a reading has no entries, as the end of a sentence."""
    told = [each for each in reading.dropped if each.code not in {"blank", "no_words"}]
    if not told:
        return f"{reading.read} rows, none with a letter or digit in its text"
    first = told[0]
    return f"{first.where} {first.reason}"


def _nothing(spec: str, reading: SourceContents, failed: list[FailedSource]) -> str:
    if failed:
        return f"{spec} holds no entry: {'; '.join(each.reason for each in failed[:3])}"
    return f"{spec} holds no entry: {nothing_of(reading)}"


def _find(spec: str, base: Path) -> tuple[list[Path], list[Dropped], bool]:
    """The files, what was passed over, and whether one file was named."""
    path = base / spec
    if "://" in spec:
        raise SourceError(f"{spec} is an address; a source is a file, a folder or a glob")
    if path.is_dir():
        paths, dropped = _in_folder(path, base)
        if not paths:
            raise SourceError(f"{spec} is a folder without any {READ} file")
        return paths, dropped, False
    if path.exists():
        return [path], [], True
    if glob.has_magic(spec):
        matches = sorted(glob.glob(spec, root_dir=base, recursive=True))  # noqa: PTH207 - Path.glob takes no absolute pattern
        if files := [base / match for match in matches if (base / match).is_file()]:
            return files, [], False
        raise SourceError(f"{spec} matches no file in {base}", "missing")
    raise SourceError(f"{spec} does not exist in {base}", "missing")


def _in_folder(folder: Path, base: Path) -> tuple[list[Path], list[Dropped]]:
    paths: list[Path] = []
    dropped: list[Dropped] = []
    for path in _below(folder):
        if path.suffix.lower() not in BY_SUFFIX:
            dropped.append(Dropped(_name(path, base), f"is none of {READ}", "other_kind"))
        elif not path.resolve().is_relative_to(folder.resolve()):
            dropped.append(
                Dropped(_name(path, base), "is a link that leads out of the folder", "link_outwards")
            )
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


class _Files:
    """Reads files one after the other. With `fails_alone`, one that cannot be read is put into `failed`."""

    def __init__(self, base: Path, limits: Limits, documents: Documents, *, fails_alone: bool) -> None:
        self._base = base
        self._limits = limits
        self._documents = documents
        self._fails_alone = fails_alone
        self._left = limits.bytes
        self.failed: list[FailedSource] = []

    def records(self, paths: list[Path]) -> Generator[Record | Dropped]:
        for path in paths:
            name = _name(path, self._base)
            if not self._fails_alone:
                yield from self._one(path, name)
                continue
            try:
                # A list, because of a file that breaks off nothing may be taken.
                found = list(self._one(path, name))
            except SourceError as error:
                told = FailedSource(name, error.message, code=error.why, details=error.details or {})
                self.failed.append(told)
            except OSError as error:
                reason = f"{name} cannot be read: {error.strerror or error}"
                self.failed.append(FailedSource(name, reason, code="no_access"))
            else:
                yield from found
                if not any(isinstance(one, Dropped) or one.text.strip() or one.answer for one in found):
                    yield Dropped(name, "holds no entry", "no_entries")

    def _one(self, path: Path, name: str) -> Iterator[Record | Dropped]:
        kind = BY_SUFFIX.get(path.suffix.lower())
        if kind is None or not path.is_file():
            raise SourceError(f"{name} is none of {READ}", "other_kind")
        with path.open("rb") as file:
            content = file.read(self._left + 1)
        if len(content) > self._left:
            raise SourceError(
                f"{name} goes past the limit of {self._limits.bytes} bytes for one source", "too_large"
            )
        self._left -= len(content)
        if not content.strip(b"\xef\xbb\xbf \t\r\n\v\f"):
            if not self._fails_alone:
                raise SourceError(f"{name}:1 is empty", "empty")
            yield Dropped(name, "is empty", "empty_file")
        elif kind.read is None:
            yield from self._documents.records(name, kind.name, content)
        else:
            yield from kind.read(name, content)


def _name(path: Path, base: Path) -> str:
    return path.relative_to(base).as_posix() if path.is_relative_to(base) else str(path)
