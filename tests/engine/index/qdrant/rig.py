"""A Qdrant server: the one that KBDIAL_TEST_QDRANT names, or our own over Qdrant's core."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from itertools import count
from pathlib import Path
from typing import Any

from engine.index.qdrant.rest import QdrantServer
from tests.support.qdrant_server import QdrantDouble

_numbers = count()


@cache
def a_double() -> QdrantDouble:
    """One for all tests of this process, which ends with it."""
    return QdrantDouble().__enter__()


@contextmanager
def an_index_table(_folder: Path) -> Iterator[dict[str, Any]]:
    """The table [engine.index] that leads to it; what is stored under its prefix goes at the end."""
    url = os.environ.get("KBDIAL_TEST_QDRANT", "") or a_double().url
    key = os.environ.get("KBDIAL_TEST_QDRANT_KEY", "")
    prefix = f"test_{os.getpid()}_{next(_numbers)}"
    try:
        yield {"kind": "qdrant", "url": url, "api_key": key, "prefix": prefix}
    finally:
        server = QdrantServer(url, key)
        for name in server.collections():
            if name.startswith(f"{prefix}--"):
                server.drop(name)
