"""The engine's server over real sockets."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
import requests
from flask import Flask

from engine.web.server import Server
from tests.support.slow_clients import Kind, SlowClients


@pytest.fixture
def hurried() -> Iterator[Server]:
    """A server that waits half a second for a request."""
    page = Flask("page")
    page.add_url_rule("/", view_func=lambda: "fast")
    server = Server(page, "127.0.0.1:0", threads=2, request_seconds=0.5)
    server.start()
    yield server
    server.stop()


@pytest.mark.parametrize("kind", ["head", "body", "silent"])
def test_a_client_that_takes_too_long_is_cut_however_it_drips(kind: Kind, hurried: Server) -> None:
    """SEC39."""
    with SlowClients(int(hurried.address.rpartition(":")[2]), 20, kind) as slow:
        assert slow.until_all_are_cut(10)
        assert requests.get(f"http://{hurried.address}/", timeout=10).text == "fast"
