from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from itertools import count
from pathlib import Path

import pytest

from tests.bot.store.building import HandClock, Store, a_store_at, url_of
from tests.support.migrated import migrate_by_copy
from tests.support.postgresql import PostgreSQL

NewDatabase = Callable[[], AbstractContextManager[str]]


@pytest.fixture
def clock() -> HandClock:
    return HandClock()


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "bot.db"


@pytest.fixture(params=["sqlite", "postgresql"])
def backend(request: pytest.FixtureRequest) -> str:
    """One suite for both: what the store promises does not depend on the database behind it."""
    name: str = request.param
    return name


@pytest.fixture
def new_database(backend: str, request: pytest.FixtureRequest, tmp_path: Path) -> NewDatabase:
    if backend == "sqlite":
        numbers = count()
        return lambda: _a_file(tmp_path / f"bot{next(numbers)}.db")
    server: PostgreSQL = request.getfixturevalue("postgresql")
    return server.a_database


@pytest.fixture
def url(new_database: NewDatabase) -> Iterator[str]:
    with new_database() as url:
        yield url


@pytest.fixture
def store(url: str, clock: HandClock) -> Iterator[Store]:
    with a_store_at(url, clock) as store:
        yield store


@contextmanager
def _a_file(path: Path) -> Iterator[str]:
    migrate_by_copy(url_of(path))
    yield url_of(path)
