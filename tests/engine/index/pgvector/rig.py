"""A PostgreSQL server with pgvector: the database that KBDIAL_TEST_PGVECTOR names, or a server of our own."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import count
from pathlib import Path
from typing import Any

import psycopg

from tests.support.pgvector_server import a_shared_server

_numbers = count()


def an_address() -> str:
    return os.environ.get("KBDIAL_TEST_PGVECTOR", "") or a_shared_server().url_of("postgres")


@contextmanager
def an_index_table(_folder: Path) -> Iterator[dict[str, Any]]:
    """The table [engine.index] that leads to it; what is stored under its prefix goes at the end."""
    prefix = f"test_{os.getpid()}_{next(_numbers)}"
    try:
        yield {"kind": "pgvector", "url": an_address(), "prefix": prefix}
    finally:
        drop_tables(prefix)


def tables(prefix: str) -> dict[str, str]:
    """The comment of each table of this prefix, by its name."""
    with psycopg.connect(an_address().replace("+psycopg", "")) as connection:
        found = connection.execute(
            "SELECT relname, obj_description(oid, 'pg_class') FROM pg_class"
            " WHERE relname LIKE 'kbdial_rows_%' AND relkind = 'r'"
        ).fetchall()
    return {name: comment for name, comment in found if f'"{prefix}/' in comment}


def drop_tables(prefix: str) -> None:
    with psycopg.connect(an_address().replace("+psycopg", "")) as connection:
        for name in tables(prefix):
            connection.execute(f'DROP TABLE "{name}"'.encode())
