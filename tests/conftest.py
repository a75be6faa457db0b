from __future__ import annotations

import os
from collections.abc import Iterator

import pytest
from hypothesis import settings

from tests.support.loggers import steady_loggers
from tests.support.postgresql import PostgreSQL, a_server, programs
from tests.support.processes import fork_programs

# No example is judged by a clock: a busy machine is no broken promise. Each run tries other examples, so that
# few a run are many in time.
settings.register_profile("kbdial", deadline=None, max_examples=50)
settings.load_profile("kbdial")
# Several processes share the cores; the threads of one computation would wait for each other, spinning.
os.environ.setdefault("OMP_NUM_THREADS", "1")
steady_loggers()
fork_programs()


@pytest.fixture(scope="session")
def postgresql() -> Iterator[PostgreSQL]:
    """A real server. Where none is installed its tests are skipped, but never in the build."""
    if programs() is None:
        missing = "PostgreSQL is not installed (Debian: apt-get install postgresql)"
        if os.environ.get("CI"):
            pytest.fail(missing)
        pytest.skip(missing)
    with a_server() as server:
        yield server
