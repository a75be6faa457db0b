from __future__ import annotations

from collections.abc import Iterator

import pytest

from bot.engine_client import EngineClient
from tests.bot.engine_client.searching import FOUND, SettableClock
from tests.support.engine_server import EngineServer, answer


@pytest.fixture
def server() -> Iterator[EngineServer]:
    with EngineServer(answer(200, FOUND)) as server:
        yield server


@pytest.fixture
def clock() -> SettableClock:
    return SettableClock()


@pytest.fixture
def client(server: EngineServer, clock: SettableClock) -> Iterator[EngineClient]:
    client = EngineClient(server.url, clock=clock, token="secret", answer_seconds=10.0)
    yield client
    client.stop()


@pytest.fixture
def hasty_client(server: EngineServer, clock: SettableClock) -> Iterator[EngineClient]:
    """A client that does not wait long for an engine that hangs."""
    client = EngineClient(server.url, clock=clock, token="secret", answer_seconds=0.3)
    yield client
    client.stop()
