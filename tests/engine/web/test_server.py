"""The engine's server over real sockets."""

from __future__ import annotations

import http.client
import json
import logging
import socket
from collections.abc import Iterator
from contextlib import closing, contextmanager

import pytest
import requests
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse
from starlette.routing import Route

from engine.web.server import Server
from tests.support.hang_guard import HANG_SECONDS
from tests.support.slow_clients import Kind, SlowClients


@contextmanager
def serving(request_seconds: float) -> Iterator[Server]:
    server = Server(Starlette(routes=[Route("/", fast)]), "127.0.0.1:0", request_seconds=request_seconds)
    server.start()
    yield server
    server.stop()


async def fast(_: Request) -> PlainTextResponse:
    return PlainTextResponse("fast")


@pytest.fixture
def hurried() -> Iterator[Server]:
    """A server that waits half a second for a request."""
    with serving(0.5) as server:
        yield server


@pytest.fixture
def patient() -> Iterator[Server]:
    """A server that waits for a request however busy the machine is."""
    with serving(HANG_SECONDS) as server:
        yield server


@pytest.mark.parametrize("kind", ["head", "body", "silent"])
def test_a_client_that_takes_too_long_is_cut_however_it_drips(kind: Kind, hurried: Server) -> None:
    """SEC39."""
    with SlowClients(int(hurried.address.rpartition(":")[2]), 20, kind) as slow:
        assert slow.until_all_are_cut(10)
        assert requests.get(f"http://{hurried.address}/", timeout=10).text == "fast"


@pytest.mark.parametrize(
    ("sent", "status", "code"),
    [
        (b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 99999999999\r\n\r\n", 413, "too_large"),
        (b"GET / HTTP/1.1\r\nX: " + b"a" * 300_000 + b"\r\n\r\n", 431, "bad_request"),
        (b"GET / HTTP/1.1\r\nno colon\r\n\r\n", 400, "bad_request"),
        (b"POST / HTTP/1.1\r\nContent-Length: 1\r\ncontent-length: 1\r\n\r\nx", 400, "bad_request"),
        (
            b"POST / HTTP/1.1\r\nContent-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
            400,
            "bad_request",
        ),
        (b"GET / HTTP/1.1\nHost: x\n\n", 400, "bad_request"),
        (b"GET / HTTP/1.1\r\nHost: x\r\nHost: y\r\n\r\n", 400, "bad_request"),
        (b"GET http://[ HTTP/1.1\r\n\r\n", 400, "bad_request"),
        (b"GET / HTTP/1.1\r\nContent-Length: " + b"9" * 5000 + b"\r\n\r\n", 400, "bad_request"),
        (b"POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: rot13\r\n\r\n", 501, "bad_request"),
    ],
    ids=[
        "body",
        "headers",
        "header",
        "two lengths",
        "two framings",
        "line feeds",
        "two hosts",
        "address",
        "length",
        "encoding",
    ],
)
def test_what_no_route_sees_is_refused_in_the_words_of_the_contract(
    patient: Server, caplog: pytest.LogCaptureFixture, sent: bytes, status: int, code: str
) -> None:
    """SEC13: and whoever reaches the port cannot fill the log with errors."""
    host, _, port = patient.address.rpartition(":")
    with (
        socket.create_connection((host, int(port)), timeout=10) as connection,
        closing(http.client.HTTPResponse(connection)) as answer,
    ):
        connection.sendall(sent)
        answer.begin()
        assert (answer.status, answer.getheader("Content-Type")) == (status, "application/json")
        assert answer.getheader("X-Content-Type-Options") == "nosniff"
        error = json.loads(answer.read())["error"]
        assert (error["code"], set(error)) == (code, {"code", "message"})
    assert [each for each in caplog.records if each.levelno >= logging.ERROR] == []
