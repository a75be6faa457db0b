"""The local index has nothing to set."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any


@contextmanager
def an_index_table(_folder: Path) -> Iterator[dict[str, Any]]:
    """The table [engine.index] that leads to it."""
    yield {"kind": "local"}
