"""The exchange with an engine: silence, refusals, closed connections, addresses."""

from __future__ import annotations

import json
import socket
import threading
from collections.abc import Callable

import pytest

from bot.domain import EngineError
from bot.engine_client import EngineClient
from tests.bot.engine_client.searching import FOUND, QUERY, SettableClock, code_of
from tests.support.engine_server import (
    Behaviour,
    EngineServer,
    answer,
    cuts_its_body,
    drips_its_body,
    drips_its_head,
    error,
    hangs,
    hangs_up,
    head,
    pours,
)
from tests.support.hang_guard import hang_guard


@pytest.mark.parametrize(
    "behaviour",
    [
        hangs,
        drips_its_body,
        drips_its_head,
        pours,
        cuts_its_body,
        hangs_up,
        answer(200, b"<html>It works!</html>"),
        answer(200, b'{"knowledge_base": "fruit", "matches": ['),
        answer(200, b"\xff\xfe"),
        answer(200, b""),
        answer(200, []),
        answer(200, FOUND, {"Content-Encoding": "gzip"}),
        answer(302, b"", {"Location": "http://127.0.0.1:9/"}),
        answer(404, b"not found"),
        error(429, "overloaded"),
        error(503, "not_ready"),
    ],
    ids=lambda behaviour: getattr(behaviour, "__name__", "answer"),
)
def test_an_engine_that_does_not_answer_is_away_soon(
    hasty_client: EngineClient, server: EngineServer, behaviour: Behaviour
) -> None:
    server.usual = behaviour
    with hang_guard():
        assert code_of(hasty_client) == "away"


@pytest.mark.parametrize(
    ("behaviour", "code"),
    [
        (error(404, "unknown_knowledge_base"), "unknown_knowledge_base"),
        (error(422, "bad_value"), "refused"),
        (error(413, "too_large"), "refused"),
        (answer(401, b""), "refused"),
    ],
)
def test_a_refusal_is_told_apart_from_silence(
    client: EngineClient, server: EngineServer, behaviour: Behaviour, code: str
) -> None:
    server.usual = behaviour
    for _ in range(10):
        assert code_of(client) == code
    assert not client.is_away


def test_a_refused_token_names_the_keys_to_compare(client: EngineClient, server: EngineServer) -> None:
    server.usual = answer(401, b"")
    with pytest.raises(EngineError, match="engine_token"):
        client.ready()


def test_an_engine_that_is_off_is_away(clock: SettableClock) -> None:
    with EngineServer(answer(200, FOUND)) as server:
        pass
    client = EngineClient(server.url, clock=clock)
    assert code_of(client) == "away"
    client.stop()


def test_a_connection_closed_while_idle_is_opened_again(client: EngineClient, server: EngineServer) -> None:
    server.answers.extend([hangs_up, answer(200, FOUND)])
    assert client.search(QUERY).total == 3


def test_what_the_engine_cannot_do_concerns_only_who_asked(
    server: EngineServer, clock: SettableClock
) -> None:
    """REL13: a mistake over one question is no absence; the breaker stays shut for all others."""
    client = EngineClient(server.url, clock=clock)
    for _ in range(5):
        server.answers.append(error(500, "failed"))
        assert code_of(client) == "failed"
    assert not client.is_away


def test_a_knowledge_base_without_a_snapshot_has_a_code_of_its_own(
    server: EngineServer, clock: SettableClock
) -> None:
    server.answers.append(error(409, "no_snapshot"))
    assert code_of(EngineClient(server.url, clock=clock)) == "no_snapshot"


@pytest.mark.parametrize("name", ["", ".", "..", "x" * 5_000])
def test_a_name_that_would_lead_elsewhere_is_never_asked_for(
    client: EngineClient, server: EngineServer, name: str
) -> None:
    with pytest.raises(EngineError) as raised:
        client.knowledge_base(name)
    assert (raised.value.code, server.heard) == ("unknown_knowledge_base", [])


def test_a_name_stays_one_part_of_the_address(client: EngineClient, server: EngineServer) -> None:
    server.usual = error(404, "unknown_knowledge_base")
    with pytest.raises(EngineError):
        client.knowledge_base("search?x=库#1")
    assert server.heard[0].path == "/v1/knowledge-bases/search%3Fx%3D%E5%BA%93%231"


def test_a_name_with_a_slash_is_no_knowledge_bases_and_is_not_asked_for(
    client: EngineClient, server: EngineServer
) -> None:
    with pytest.raises(EngineError) as told:
        client.knowledge_base("../search")
    assert told.value.code == "unknown_knowledge_base"
    assert server.heard == []


def test_nothing_of_one_call_is_left_in_the_next(client: EngineClient, server: EngineServer) -> None:
    server.usual = error(404, "unknown_entry")
    calls: list[Callable[[], object]] = [
        lambda: client.add_entries("fruit", "lemon"),
        lambda: client.add_entry("fruit", "lime", ""),
        lambda: client.entries("fruit", 10, offset=5),
        lambda: client.entries("fruit", 20),
        lambda: client.refresh("fruit", confirm=True),
        lambda: client.refresh("fruit"),
    ]
    for call in calls:
        with pytest.raises(EngineError):
            call()
    entries = "/v1/knowledge-bases/fruit/entries"
    assert [(heard.path, heard.body, heard.headers.get("Content-Type")) for heard in server.heard] == [
        (entries, b"lemon", "text/plain; charset=utf-8"),
        (entries, b'{"text": "lime"}', "application/jsonl"),
        (f"{entries}?limit=10&offset=5", b"", None),
        (f"{entries}?limit=20&offset=0", b"", None),
        ("/v1/knowledge-bases/fruit/refresh", b'{"confirm": true}', "application/json"),
        ("/v1/knowledge-bases/fruit/refresh", b"", None),
    ]


@pytest.mark.skipif(not hasattr(socket, "TCP_CORK"), reason="this system always sends them apart")
def test_a_question_arrives_in_one_piece(clock: SettableClock) -> None:
    """An engine that gets the head alone wakes up twice for each question."""
    pieces: list[bytes] = []
    with socket.create_server(("127.0.0.1", 0)) as listening:
        client = EngineClient(f"http://127.0.0.1:{listening.getsockname()[1]}", clock=clock)

        def serve() -> None:
            connection, _ = listening.accept()
            with connection:
                for _ in range(2):
                    pieces.append(connection.recv(65_536))
                    content = json.dumps(FOUND).encode()
                    connection.sendall(head(200, {"Content-Length": str(len(content))}) + content)

        serving = threading.Thread(target=serve)
        serving.start()
        with hang_guard():
            for _ in range(2):  # over the same connection
                client.search(QUERY)
            serving.join()
        client.stop()
    assert [piece.endswith(b"}") for piece in pieces] == [True, True]
