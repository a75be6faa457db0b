"""The circuit breaker: when the engine is left alone, and how its return is found out."""

from __future__ import annotations

import threading
from typing import Any

from bot.engine_client import EngineClient
from tests.bot.engine_client.searching import FOUND, QUERY, SettableClock, code_of
from tests.support.engine_server import EngineServer, answer, error


def test_after_three_failures_the_engine_is_left_alone_until_the_delay_is_over(
    client: EngineClient, server: EngineServer, clock: SettableClock
) -> None:
    server.usual = error(503, "not_ready")
    for _ in range(20):
        assert code_of(client) == "away"
    assert (len(server.heard), client.is_away) == (3, True)
    clock.time += 0.5
    for _ in range(20):
        assert code_of(client) == "away"
    assert len(server.heard) == 4


def test_the_delay_never_grows_beyond_what_lets_answers_resume_in_ten_seconds(
    client: EngineClient, server: EngineServer, clock: SettableClock
) -> None:
    server.usual = error(503, "not_ready")
    for _ in range(50):
        clock.time += 60
        code_of(client)
    server.usual = answer(200, FOUND)
    clock.time += 5
    assert client.search(QUERY).total == 3
    assert not client.is_away


def test_only_one_call_tries_whether_the_engine_is_back(
    client: EngineClient, server: EngineServer, clock: SettableClock
) -> None:
    server.usual = error(503, "not_ready")
    for _ in range(3):
        code_of(client)
    clock.time += 1
    reached, go_on = threading.Event(), threading.Event()

    def slow(call: Any) -> None:
        reached.set()
        go_on.wait(5)
        answer(200, FOUND)(call)

    server.usual = slow
    trial = threading.Thread(target=client.search, args=(QUERY,))
    trial.start()
    assert reached.wait(5)
    assert code_of(client) == "away"
    go_on.set()
    trial.join()
    assert not client.is_away


def test_the_return_is_told_when_a_look_or_a_call_sees_it(server: EngineServer, clock: SettableClock) -> None:
    returns: list[str] = []
    client = EngineClient(server.url, clock=clock, on_back=lambda: returns.append("back"))
    assert client.look() is False
    server.usual = error(503, "not_ready")
    code_of(client)
    assert (client.look(), returns) == (True, [])
    server.usual = answer(200, FOUND)
    assert (client.look(), returns) == (True, ["back"])
    assert client.look() is False
    client.search(QUERY)
    assert (client.look(), returns) == (False, ["back", "back"])
    client.stop()


def test_a_return_is_noticed_though_nobody_asks(server: EngineServer, clock: SettableClock) -> None:
    back = threading.Event()
    client = EngineClient(server.url, clock=clock, on_back=back.set)
    client.start()
    server.answers.append(error(503, "not_ready"))
    code_of(client)
    assert back.wait(10)
    client.stop()
    client.stop()
