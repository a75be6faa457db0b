"""The server's orderly end, and its limits, over real sockets."""

from __future__ import annotations

import http.client
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import closing

import pytest
import requests
from flask import Flask

from bot.web import SAFE_HEADERS
from bot.web.server import Server
from tests.support.slow_clients import Kind, SlowClients


class Page:
    """An application whose /slow route waits until it is told to go on."""

    def __init__(self) -> None:
        self.entered = threading.Event()
        self.go_on = threading.Event()
        self.flask = Flask("page")
        self.flask.add_url_rule("/", view_func=lambda: "fast")
        self.flask.add_url_rule("/slow", view_func=self._slow)

    def _slow(self) -> str:
        self.entered.set()
        assert self.go_on.wait(10)
        return "slow"


@pytest.fixture
def page() -> Page:
    return Page()


@pytest.fixture
def server(page: Page) -> Iterator[Server]:
    server = Server(page.flask, listen="127.0.0.1:0", threads=4, body_limit_bytes=1000)
    server.start()
    yield server
    server.stop()


def test_a_request_under_way_is_finished_and_a_new_one_is_sent_away(page: Page, server: Server) -> None:
    answers: list[str] = []
    under_way = threading.Thread(
        target=lambda: answers.append(requests.get(server.url + "/slow", timeout=10).text)
    )
    with requests.Session() as visitor:
        visitor.get(server.url, timeout=10)  # a connection that is open before the end begins
        under_way.start()
        assert page.entered.wait(10)
        stopping = threading.Thread(target=server.stop)
        stopping.start()
        while (late := visitor.get(server.url, timeout=10)).status_code == 200:
            pass
        assert (late.status_code, late.headers["Retry-After"]) == (503, "5")
        assert dict(late.headers).items() >= SAFE_HEADERS.items()
    page.go_on.set()
    stopping.join(10)
    under_way.join(10)
    assert answers == ["slow"]
    with pytest.raises(requests.ConnectionError):
        requests.get(server.url, timeout=10)


def test_stopping_twice_is_fine_and_so_is_stopping_what_never_started(page: Page) -> None:
    server = Server(page.flask, listen="127.0.0.1:0", threads=2, body_limit_bytes=1000)
    server.stop()
    server.stop()


def test_a_body_beyond_the_limit_is_refused_without_being_read(server: Server) -> None:
    """SEC13: 413 comes while the announced ten gigabytes are still unsent."""
    host, port = server.url.removeprefix("http://").split(":")
    with socket.create_connection((host, int(port)), timeout=10) as line:
        line.sendall(b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 10000000000\r\n\r\n")
        assert line.recv(100).startswith(b"HTTP/1.1 413 ")


def test_what_reaches_no_route_is_refused_with_the_headers_of_every_answer(server: Server) -> None:
    """SEC36."""
    with closing(http.client.HTTPConnection("127.0.0.1", _port(server), timeout=10)) as visitor:
        visitor.request("POST", "/", b"x" * 1001)
        answer = visitor.getresponse()
        assert answer.status == 413
        assert dict(answer.getheaders()).items() >= SAFE_HEADERS.items()
        assert answer.getheader("Server") is None


@pytest.mark.parametrize(
    "head",
    ["GET http://[ HTTP/1.1", f"GET / HTTP/1.1\r\nContent-Length: {'9' * 5000}"],
    ids=["address", "length"],
)
def test_what_cannot_be_a_request_is_400_and_no_error_of_ours(
    head: str, server: Server, caplog: pytest.LogCaptureFixture
) -> None:
    """SEC13: whoever reaches the port cannot fill the log with errors."""
    host, port = server.url.removeprefix("http://").split(":")
    with socket.create_connection((host, int(port)), timeout=10) as line:
        line.sendall(head.encode() + b"\r\n\r\n")
        assert line.recv(100).partition(b" ")[2].startswith(b"400 ")
    assert caplog.records == []


def test_an_address_in_use_is_an_os_error(page: Page, server: Server) -> None:
    with pytest.raises(OSError, match="in use"):
        Server(page.flask, listen=server.url.removeprefix("http://"), threads=2, body_limit_bytes=1000)


@pytest.fixture
def hurried(page: Page) -> Iterator[Server]:
    """A server that waits half a second for a request."""
    server = Server(
        page.flask, listen="127.0.0.1:0", threads=4, body_limit_bytes=100_000, request_seconds=0.5
    )
    server.start()
    yield server
    server.stop()


@pytest.mark.parametrize("kind", ["head", "body", "silent"])
def test_a_client_that_takes_too_long_is_cut_however_it_drips(kind: Kind, hurried: Server) -> None:
    """SEC39."""
    with SlowClients(_port(hurried), 20, kind) as slow:
        assert slow.until_all_are_cut(10)
        assert requests.get(hurried.url, timeout=10).text == "fast"


def test_empty_lines_are_no_requests_and_buy_no_time(hurried: Server) -> None:
    """SEC39."""
    with socket.create_connection(("127.0.0.1", _port(hurried)), timeout=0.1) as line:
        until = time.monotonic() + 10
        while time.monotonic() < until:
            try:
                line.sendall(b"\r\n")
                if line.recv(100) == b"":
                    return
            except TimeoutError:
                continue
            except ConnectionError:
                return
    pytest.fail("it is still connected")


def test_a_client_is_not_cut_while_its_request_is_worked_on(page: Page, hurried: Server) -> None:
    answers: list[str] = []
    asking = threading.Thread(
        target=lambda: answers.append(requests.get(hurried.url + "/slow", timeout=10).text)
    )
    asking.start()
    assert page.entered.wait(10)
    with SlowClients(_port(hurried), 1, "silent") as slow:  # one that came later is gone before
        assert slow.until_all_are_cut(10)
    page.go_on.set()
    asking.join(10)
    assert answers == ["slow"]


def test_a_connection_kept_open_may_rest_between_two_requests(hurried: Server) -> None:
    with closing(http.client.HTTPConnection("127.0.0.1", _port(hurried), timeout=10)) as visitor:
        visitor.request("GET", "/")
        assert visitor.getresponse().read() == b"fast"
        first = visitor.sock
        with SlowClients(_port(hurried), 1, "silent") as slow:
            assert slow.until_all_are_cut(10)
        visitor.request("GET", "/")
        assert visitor.getresponse().read() == b"fast"
        assert visitor.sock is first


def _port(server: Server) -> int:
    return int(server.url.rpartition(":")[2])
