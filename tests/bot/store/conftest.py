from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.bot.store.building import HandClock, Store, a_store


@pytest.fixture
def clock() -> HandClock:
    return HandClock()


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "bot.db"


@pytest.fixture
def store(path: Path, clock: HandClock) -> Iterator[Store]:
    with a_store(path, clock) as store:
        yield store
