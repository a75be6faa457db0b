"""The server's orderly end, and its limits, over real sockets."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator

import pytest
import requests
from flask import Flask

from bot.web.server import Server


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


def test_an_address_in_use_is_an_os_error(page: Page, server: Server) -> None:
    with pytest.raises(OSError, match="in use"):
        Server(page.flask, listen=server.url.removeprefix("http://"), threads=2, body_limit_bytes=1000)
