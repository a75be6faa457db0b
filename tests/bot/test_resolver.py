from __future__ import annotations

import socket
import threading
from collections.abc import Iterator, Sequence
from typing import Any

import pytest
import requests

from bot.engine_client.transport import WholeAnswerTimeout
from bot.platforms.http_post import NotReached, Outgoing
from bot.resolver import MOST_LOOKUPS, ConnectsInTime, Resolver, Unresolved
from tests.support.engine_server import EngineServer, answer

HANG_SECONDS = 30.0


class NameServer:
    """Knows `host.test`, and says nothing before it is let go."""

    def __init__(self, *, hangs: bool = False) -> None:
        self.asked: list[str] = []
        self.may_answer = threading.Event()
        self.answered = threading.Semaphore(0)
        if not hangs:
            self.may_answer.set()

    def __call__(self, host: str, port: int, **_: Any) -> Sequence[tuple[Any, ...]]:
        self.asked.append(host)
        assert self.may_answer.wait(HANG_SECONDS)
        self.answered.release()
        if not host.endswith("host.test"):
            raise socket.gaierror(socket.EAI_NONAME, "unknown")
        return [(socket.AF_INET, socket.SOCK_STREAM, 0, "", ("127.0.0.1", port))]


@pytest.fixture
def slow() -> Iterator[NameServer]:
    server = NameServer(hangs=True)
    yield server
    server.may_answer.set()


@pytest.fixture
def there() -> Iterator[EngineServer]:
    with EngineServer(answer(200, {"ok": True})) as server:
        yield server


def test_a_name_is_looked_up_and_connected_to(there: EngineServer) -> None:
    outgoing = Outgoing(resolver=Resolver(NameServer()))
    assert outgoing.post(f"http://host.test:{there.port}/", b"{}", {}).status == 200
    assert there.heard[0].headers["Host"] == f"host.test:{there.port}"


def test_an_address_asks_no_name_server(there: EngineServer) -> None:
    names = NameServer()
    assert Outgoing(resolver=Resolver(names)).post(there.url + "/", b"{}", {}).status == 200
    assert names.asked == []


@pytest.mark.parametrize("host", ["host.test", "nowhere.invalid"])
def test_a_name_server_that_hangs_holds_its_callers_no_longer_than_they_wish(
    slow: NameServer, host: str
) -> None:
    """REL37. The second caller does not even wait: the first has waited for both."""
    outgoing = Outgoing(connect_seconds=0.05, resolver=Resolver(slow))
    for _ in range(3):
        with pytest.raises(NotReached):
            outgoing.post(f"http://{host}:1/", b"{}", {})
    assert slow.asked == [host]


def test_who_asks_for_the_same_name_waits_for_the_same_answer(slow: NameServer) -> None:
    resolver, found = Resolver(slow), []
    asking = [
        threading.Thread(target=lambda: found.append(resolver.addresses("host.test", 1, HANG_SECONDS)))
        for _ in range(4)
    ]
    for thread in asking:
        thread.start()
    slow.may_answer.set()
    for thread in asking:
        thread.join(HANG_SECONDS)
    assert found == [[("127.0.0.1", 1)]] * 4


def test_names_that_hang_are_few_and_are_forgotten_once_answered(slow: NameServer) -> None:
    resolver = Resolver(slow)
    for number in range(MOST_LOOKUPS + 3):
        with pytest.raises(Unresolved):
            resolver.addresses(f"{number}.host.test", 1, 0.001)
    assert len(slow.asked) == MOST_LOOKUPS
    slow.may_answer.set()
    for _ in range(MOST_LOOKUPS):
        assert slow.answered.acquire(timeout=HANG_SECONDS)
    assert resolver.addresses("0.host.test", 1, HANG_SECONDS) == [("127.0.0.1", 1)]


def test_an_unknown_name_is_nothing_sent() -> None:
    with pytest.raises(NotReached):
        Outgoing(resolver=Resolver(NameServer())).post("http://nowhere.invalid/", b"{}", {})
    with pytest.raises(Unresolved, match="not known"):
        Resolver(NameServer()).addresses("nowhere.invalid", 1, 1.0)


def test_a_session_of_requests_waits_for_no_name_server_either(slow: NameServer) -> None:
    class Adapter(WholeAnswerTimeout):
        def init_poolmanager(self, *arguments: Any, **options: Any) -> None:
            super().init_poolmanager(*arguments, **options)
            pools = self.poolmanager.pool_classes_by_scheme
            self.poolmanager.pool_classes_by_scheme = {
                scheme: _with(pool, slow) for scheme, pool in pools.items()
            }

    session = requests.Session()
    session.mount("http://", Adapter())
    with pytest.raises(requests.ConnectionError, match="NameResolutionError"):
        session.get("http://host.test:1/", timeout=(0.05, 1))
    assert slow.asked == ["host.test"]


def _with(pool: Any, names: NameServer) -> Any:
    """The pool, with connections that ask this name server."""
    assert issubclass(pool.ConnectionCls, ConnectsInTime)
    connection = type("Connection", (pool.ConnectionCls,), {"resolver": Resolver(names)})
    return type("Pool", (pool,), {"ConnectionCls": connection})
