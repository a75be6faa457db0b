"""Entries as lines of a file, and files that are there whole or as they were before."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

from engine.domain import Entry

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
