"""Lists stored as lines of a file with a checksum, replaced as a whole or not at all.

    {"knowledge_base": …, "entries": 2, "sha256": …}     of all that follows; the key says what is counted
    …

A file that is not what its first line says is an error and is never written over. So it is changed
through the program, not in an editor.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any, TypeVar

from engine.domain import Entry, SourceError

Item = TypeVar("Item")

MANAGED = "managed"
"""The `source` of every entry that was added through chat or console."""


def row(entry: Entry) -> dict[str, Any]:
    """All of an entry but its source."""
    return {
        "id": entry.id,
        "text": entry.text,
        "answer": entry.answer,
        "title": entry.title,
        "url": entry.url,
        "fields": dict(entry.fields),
        "wordings": list(entry.wordings),
    }


def line(row: dict[str, Any]) -> bytes:
    return json.dumps(row, ensure_ascii=False).encode() + b"\n"


def read_list(
    path: Path, knowledge_base: str, counted: str, read: Callable[[bytes], Item]
) -> tuple[Item, ...]:
    """The list that `write_list` wrote; empty when there is no file.

    Raises:
        SourceError: naming the file, which is damaged or cannot be read.
    """
    try:
        content = path.read_bytes()
    except FileNotFoundError:
        return ()
    except OSError as error:
        raise SourceError(f"{path} cannot be read: {error.strerror or error}", "no_access") from error
    head, _, body = content.partition(b"\n")
    try:
        found = tuple(map(read, body.splitlines()))
        if json.loads(head) != _head(knowledge_base, counted, len(found), body):
            raise ValueError("its first line does not fit what follows")  # noqa: TRY301 - one exit for all damage
    except (ValueError, TypeError, RecursionError) as error:
        raise SourceError(
            f"{path} is damaged or was edited by hand ({error}); "
            "restore it from a backup, or move it away to start anew",
            "damaged",
        ) from error
    return found


def write_list(path: Path, knowledge_base: str, counted: str, lines: Iterable[bytes]) -> None:
    """Put these lines in the place of the file.

    Raises:
        SourceError: naming the file, which is as it was.
    """
    given = list(lines)
    body = b"".join(given)
    try:
        write(path, line(_head(knowledge_base, counted, len(given), body)) + body)
    except OSError as error:
        raise SourceError(f"{path} cannot be written: {error.strerror or error}") from error


def _head(knowledge_base: str, counted: str, count: int, body: bytes) -> dict[str, object]:
    name = knowledge_base.encode(errors="replace").decode()
    return {"knowledge_base": name, counted: count, "sha256": hashlib.sha256(body).hexdigest()}


def write(path: Path, content: bytes) -> None:
    """Put the content in the place of the file, synced; a crash on the way leaves the file as it was.

    Raises OSError.
    """
    unfinished = path.with_suffix(".unfinished")
    path.parent.mkdir(parents=True, exist_ok=True)
    with unfinished.open("wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    unfinished.replace(path)
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)
