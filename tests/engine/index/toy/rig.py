"""The toy keeps its rows in a folder of its own."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any


@contextmanager
def an_index_table(folder: Path) -> Iterator[dict[str, Any]]:
    """The table [engine.index] that leads to it."""
    yield {"kind": "toy", "folder": folder}
