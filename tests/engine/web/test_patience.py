"""How long the engine's server waits for a client, and for whom it does not count the time."""

from __future__ import annotations

import http.client
import json
import select
import socket
import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager

import pytest
import requests
from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import PlainTextResponse
from starlette.routing import Route

from engine.web.patience import BODY_LIMIT_BYTES
from engine.web.server import Server
from tests.support.hang_guard import HANG_SECONDS
from tests.support.slow_clients import SlowClients

LARGE_BYTES = 64 << 20  # far more than the system's buffers on both sides hold


class Page:
    """Answers with the length of what it was sent, in its own time, or with more than anybody reads."""

    def __init__(self) -> None:
        self.is_asked = threading.Event()
        self.go = threading.Event()

    def as_application(self) -> Starlette:
        return Starlette(
            routes=[
                Route("/length", self._length, methods=["GET", "POST"]),
                Route("/held", self._held),
                Route("/large", self._large),
            ]
        )

    async def _length(self, request: Request) -> PlainTextResponse:
        return PlainTextResponse(f"{request.query_params.get('name', '')} {len(await request.body())}")

    async def _held(self, _: Request) -> PlainTextResponse:
        self.is_asked.set()
        await run_in_threadpool(self.go.wait, HANG_SECONDS)
        return PlainTextResponse("at last")

    async def _large(self, _: Request) -> PlainTextResponse:
        return PlainTextResponse("x" * LARGE_BYTES)


@pytest.fixture
def page() -> Page:
    return Page()


@pytest.fixture
def server(page: Page) -> Iterator[Server]:
    """A server that waits half a second for a request."""
    server = Server(page.as_application(), "127.0.0.1:0", request_seconds=0.5)
    server.start()
    yield server
    page.go.set()
    server.stop()


@contextmanager
def connected(server: Server) -> Iterator[socket.socket]:
    host, _, port = server.address.rpartition(":")
    with socket.create_connection((host, int(port)), timeout=HANG_SECONDS) as connection:
        yield connection


def answer_on(connection: socket.socket) -> tuple[int, bytes]:
    with closing(http.client.HTTPResponse(connection)) as answer:
        answer.begin()
        return answer.status, answer.read()


def port_of(server: Server) -> int:
    return int(server.address.rpartition(":")[2])


def test_whoever_waits_for_us_is_not_cut(server: Server, page: Page) -> None:
    with connected(server) as waiting:
        waiting.sendall(b"GET /held HTTP/1.1\r\nHost: x\r\n\r\n")
        assert page.is_asked.wait(HANG_SECONDS)
        with SlowClients(port_of(server), 1, "silent") as silent:
            assert silent.until_all_are_cut(HANG_SECONDS)  # so that the time of a request is over
        page.go.set()
        assert answer_on(waiting) == (200, b"at last")


def test_whoever_asks_ahead_is_answered_in_order(server: Server, page: Page) -> None:
    with connected(server) as ahead:
        ahead.sendall(
            b"GET /held HTTP/1.1\r\nHost: x\r\n\r\n"
            b"POST /length?name=b HTTP/1.1\r\nContent-Length: 3\r\n\r\nabc"
        )
        assert page.is_asked.wait(HANG_SECONDS)
        with SlowClients(port_of(server), 1, "silent") as silent:
            assert silent.until_all_are_cut(HANG_SECONDS)
        page.go.set()
        received = b""
        while not received.endswith(b"b 3"):
            received += ahead.recv(4096)
    assert received.count(b"HTTP/1.1 200 OK") == 2
    assert received.index(b"at last") < received.index(b"b 3")


def test_whoever_does_not_take_the_answer_is_cut(server: Server) -> None:
    with connected(server) as deaf:
        deaf.sendall(b"GET /large HTTP/1.1\r\nHost: x\r\n\r\n")
        hung_up = select.poll()
        hung_up.register(deaf, select.POLLHUP | select.POLLERR)
        assert hung_up.poll(HANG_SECONDS * 1000), "it is still connected"


def test_between_two_requests_there_is_more_time(server: Server) -> None:
    with connected(server) as quiet:
        quiet.sendall(b"GET /length HTTP/1.1\r\nHost: x\r\n\r\n")
        assert answer_on(quiet) == (200, b" 0")
        with SlowClients(port_of(server), 1, "silent") as silent:
            assert silent.until_all_are_cut(HANG_SECONDS)
        quiet.sendall(b"GET /length HTTP/1.1\r\nHost: x\r\n\r\n")
        assert answer_on(quiet) == (200, b" 0")


def test_a_second_request_has_no_more_time_than_the_first(server: Server) -> None:
    with connected(server) as slow:
        slow.sendall(b"GET /length HTTP/1.1\r\nHost: x\r\n\r\n")
        assert answer_on(slow) == (200, b" 0")
        slow.sendall(b"GET /length HTT")
        assert slow.recv(1) == b"", "it is still connected"


def test_a_body_without_end_is_refused_at_the_limit(server: Server) -> None:
    """SEC13."""
    part = b"10000\r\n" + b"x" * 0x10000 + b"\r\n"
    with connected(server) as endless:
        endless.sendall(b"POST /length HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n")
        for _ in range(BODY_LIMIT_BYTES // 0x10000 + 1):
            endless.sendall(part)
        status, body = answer_on(endless)
    assert (status, json.loads(body)["error"]["code"]) == (413, "too_large")


def test_a_client_that_offers_another_protocol_is_answered_in_this_one(server: Server) -> None:
    offer = {"Connection": "Upgrade, HTTP2-Settings", "Upgrade": "h2c", "HTTP2-Settings": "AAMAAABkAAQAAP__"}
    answer = requests.post(
        f"http://{server.address}/length", data=b"abc", headers=offer, timeout=HANG_SECONDS
    )
    assert (answer.status_code, answer.text) == (200, " 3")


def test_a_client_that_asks_first_may_send_its_body(server: Server) -> None:
    with connected(server) as polite:
        polite.sendall(
            b"POST /length HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\nExpect: 100-continue\r\n\r\n"
        )
        assert polite.recv(100) == b"HTTP/1.1 100 Continue\r\n\r\n"
        polite.sendall(b"abc")
        assert answer_on(polite) == (200, b" 3")
