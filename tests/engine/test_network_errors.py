"""Each way in which a server is not reached, over real sockets, as a person is told of it.

The bot has the same module; `tests/test_twins.py` compares the two.
"""

from __future__ import annotations

import http.client
import socket
import ssl
import struct
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import requests

from engine.network_errors import name_cause
from tests.support.certificates import a_certificate
from tests.support.hostile_server import a_hostile_server

SECRET = "key-8d1c52"
ENDED = "the other side ended the connection"


def close(_client: socket.socket) -> None:
    """Not a word."""


def talk(client: socket.socket) -> None:
    client.sendall(b"220 mail.example.com ready\r\n\r\n")


def break_off(client: socket.socket) -> None:
    client.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf")


def reset(client: socket.socket) -> None:
    client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))


@contextmanager
def a_server(behave: Callable[[socket.socket], object]) -> Iterator[int]:
    """The port of a server that takes one request, does `behave`, and ends the connection."""
    with socket.create_server(("127.0.0.1", 0)) as listening:

        def serve() -> None:
            client, _ = listening.accept()
            with client:
                client.recv(65_536)
                behave(client)

        thread = threading.Thread(target=serve)
        thread.start()
        yield int(listening.getsockname()[1])
        thread.join()


def told(address: str, seconds: float = 5) -> str:
    with requests.Session() as session:
        session.trust_env = False
        with pytest.raises(requests.RequestException) as failed:
            session.get(f"{address}/?{SECRET}", timeout=seconds)
    return name_cause(failed.value)


@pytest.mark.parametrize(
    ("scheme", "behave", "says"),
    [
        ("http", close, f"{ENDED} without an answer"),
        ("http", talk, "what answers there does not speak HTTP"),
        ("http", break_off, "the connection ended in the middle of the answer"),
        ("http", reset, f"{ENDED} (Connection reset by peer)"),
        ("https", talk, "what answers there does not speak TLS: is it http:// and not https://?"),
    ],
)
def test_a_server_that_gives_no_answer(
    scheme: str, behave: Callable[[socket.socket], object], says: str
) -> None:
    with a_server(behave) as port:
        assert told(f"{scheme}://127.0.0.1:{port}") == says


def test_a_certificate_that_nobody_vouches_for(tmp_path: Path) -> None:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(a_certificate(tmp_path))
    with a_hostile_server(context) as server:
        assert told(f"https://127.0.0.1:{server.port}") == "self-signed certificate"


def test_nobody_listens() -> None:
    assert told("http://127.0.0.1:9") == "nothing listens there (Connection refused)"


def test_a_server_that_takes_its_time() -> None:
    has_given_up = threading.Event()
    with a_server(lambda _client: has_given_up.wait(10)) as port:
        assert told(f"http://127.0.0.1:{port}", 0.1) == "no whole answer came in time"
        has_given_up.set()


def test_a_host_that_nobody_knows() -> None:
    assert told("http://nobody.invalid").startswith("the name of the host is not known")


def test_the_way_out_without_requests_says_the_same() -> None:
    with a_server(close) as port:
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
        connection.request("GET", f"/?{SECRET}")
        with pytest.raises(http.client.RemoteDisconnected) as failed:
            connection.getresponse()
        connection.close()
    assert name_cause(failed.value) == f"{ENDED} without an answer"


def test_what_is_not_known_is_told_by_its_class_and_never_by_its_text() -> None:
    class BrokenError(Exception):
        """A library's own."""

    assert name_cause(BrokenError(f"http://127.0.0.1/{SECRET}")) == "BrokenError"
    assert name_cause(requests.ConnectionError(SECRET)) == "there is no connection to it"


def test_an_error_that_leads_back_to_itself_ends() -> None:
    one, other = OSError("one"), OSError("other")
    one.__cause__, other.__cause__ = other, one
    assert name_cause(one) == "OSError"
