"""Databases that are up to date for the price of a copy: migrations run once in each process of the suite."""

from __future__ import annotations

import functools
import os
import tempfile
from pathlib import Path

from sqlalchemy.engine import make_url

from bot.store import schema, sqlite


def migrate_by_copy(database_url: str) -> None:
    """Migrate like `schema.migrate`; a file that is not there yet is a copy of one migrated before."""
    if make_url(database_url).get_backend_name() != "sqlite" or sqlite.path_of(database_url).exists():
        schema.migrate(database_url)
        return
    path = sqlite.path_of(database_url)
    path.parent.mkdir(parents=True, exist_ok=True)
    with os.fdopen(os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600), "wb") as file:
        file.write(_made_of_nothing())


@functools.cache
def _made_of_nothing() -> bytes:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "bot.db"
        schema.migrate(f"sqlite:///{path}")
        return path.read_bytes()
