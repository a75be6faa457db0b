"""What a source behind an address promises, against a server that promises nothing."""

from __future__ import annotations

import base64
import gzip
import ssl
import zlib
from collections.abc import Iterator
from pathlib import Path

import pytest

from engine.domain import SourceError, SourceSpec
from engine.source import Limits, origin, web
from tests.support import engine_server
from tests.support.certificates import a_certificate
from tests.support.documents import a_docx
from tests.support.hang_guard import hang_guard
from tests.support.hostile_server import HostileServer, a_hostile_server, answer, dripping_head, endless

QUICK = Limits(fetch_seconds=0.5)
SECRET = "hunter2"


@pytest.fixture
def server() -> Iterator[HostileServer]:
    with a_hostile_server() as running:
        yield running


def texts(spec: SourceSpec) -> list[str]:
    return [entry.text for entry in origin.read_afresh(spec).entries]


def refusal(spec: SourceSpec, limits: Limits = QUICK) -> str:
    with pytest.raises(SourceError) as caught:
        origin.read(spec, None, limits)
    return caught.value.message


def test_an_address_is_read_by_the_end_of_its_path(server: HostileServer) -> None:
    server.answers(answer(b"text,answer\none,two\n"))
    entry = origin.read_afresh(SourceSpec(url=server.url())).entries[0]
    assert (entry.text, entry.answer, entry.source) == ("one", "two", server.url())


def test_an_address_without_an_end_is_read_by_its_media_type(server: HostileServer) -> None:
    server.answers(answer(b'{"text": "one"}', headers=["Content-Type: application/x-ndjson; charset=utf-8"]))
    assert texts(SourceSpec(url=server.url("/export?format=3"))) == ["one"]
    server.answers(answer(b"x", headers=["Content-Type: image/png"]))
    assert 'is of the kind "image/png", which is not read' in refusal(SourceSpec(url=server.url("/export")))


def test_documents_are_fetched_too_and_link_to_their_address(server: HostileServer) -> None:
    server.answers(answer(a_docx("# Returns", "Five days.")))
    entry = origin.read_afresh(SourceSpec(url=server.url("/policy.docx?token=1"))).entries[0]
    assert (entry.title, entry.text) == ("Returns", "Returns\nFive days.")
    assert entry.url == server.url("/policy.docx")
    assert entry.source == server.url("/policy.docx?…")


def test_what_has_not_changed_is_not_sent_again(server: HostileServer) -> None:
    validators = ['ETag: W/"7"', "Last-Modified: Mon, 23 Nov 2026 12:00:00 GMT"]
    server.answers(answer(b"text\none\n", headers=validators), answer(status="304 Not Modified"))
    first = origin.read(SourceSpec(url=server.url()))
    assert first is not None
    assert origin.read(SourceSpec(url=server.url()), first.validators) is None
    assert 'If-None-Match: W/"7"' in server.asked[1]
    assert "If-Modified-Since: Mon, 23 Nov 2026 12:00:00 GMT" in server.asked[1]


def test_the_same_bytes_again_are_not_parsed_again(server: HostileServer) -> None:
    server.answers(answer(b"text\none\n"))
    first = origin.read(SourceSpec(url=server.url()))
    assert first is not None
    assert origin.read(SourceSpec(url=server.url()), first.validators) is None
    assert origin.read(SourceSpec(url=server.url()), {**first.validators, "sha256": "other"}) is not None


def test_a_not_modified_that_nobody_asked_for_is_refused(server: HostileServer) -> None:
    server.answers(answer(status="304 Not Modified"))
    assert refusal(SourceSpec(url=server.url())) == f"{server.url()} answered with status 304"


def test_credentials_are_sent_and_never_shown(server: HostileServer) -> None:
    server.answers(answer(b"no", status="403 Forbidden"))
    spec = SourceSpec(
        url=server.url(f"/faq.csv?key={SECRET}", user=f"me:{SECRET}%E4%BD%A0@"), headers={"X-Key": SECRET}
    )
    assert refusal(spec) == f"{server.url()}?… answered with status 403"
    assert f"X-Key: {SECRET}" in server.asked[0]
    sent = base64.b64encode(f"me:{SECRET}你".encode()).decode()
    assert f"Authorization: Basic {sent}" in server.asked[0]
    assert SECRET not in origin.label(spec)


def test_another_host_is_not_followed_to(server: HostileServer) -> None:
    with a_hostile_server() as other:
        other.answers(answer(b"text\nstolen\n"))
        for target in (
            other.url(),
            f"http://localhost:{server.port}/",
            "http://169.254.169.254/",
            "file:///etc/x",
        ):
            server.answers(answer(status="302 Found", headers=[f"Location: {target}"]))
            assert "redirects to another host" in refusal(
                SourceSpec(url=server.url(), headers={"X-Key": SECRET})
            )
        assert other.asked == []


def test_the_same_host_is_followed_to_but_not_for_ever(server: HostileServer) -> None:
    there = answer(status="301 Moved", headers=["Location: /new/faq.csv"])
    server.answers(there, answer(b"text\none\n"))
    assert texts(SourceSpec(url=server.url())) == ["one"]
    assert server.asked[1].startswith("GET /new/faq.csv ")
    server.answers(there)
    assert refusal(SourceSpec(url=server.url())) == f"{server.url()} redirects more than 5 times"


@pytest.mark.parametrize("page", [b"<!DOCTYPE html><p>Sign in", b"\xef\xbb\xbf \n<html><body>502"])
def test_a_web_page_is_not_taken_for_a_table(server: HostileServer, page: bytes) -> None:
    server.answers(answer(page))
    said = refusal(SourceSpec(url=server.url()))
    assert said.startswith(f"{server.url()} answered with a web page where .csv was expected")


def test_a_body_without_end_is_cut_off(server: HostileServer) -> None:
    server.answers(endless(server, b"row\n" * 10_000))
    assert refusal(SourceSpec(url=server.url()), Limits(fetched_bytes=1_000_000)) == (
        f"{server.url()} is larger than 1000000 bytes"
    )


def test_a_packed_body_is_counted_as_it_unfolds(server: HostileServer) -> None:
    packed = gzip.compress(b"0" * 60_000_000)
    server.answers(answer(packed, headers=["Content-Encoding: gzip"]))
    assert refusal(SourceSpec(url=server.url()), Limits()) == f"{server.url()} is larger than 50000000 bytes"
    server.answers(answer(gzip.compress(packed), headers=["Content-Encoding: gzip, gzip"]))
    assert refusal(SourceSpec(url=server.url())) == f"{server.url()} is packed more than once"
    server.answers(answer(b"text\none", headers=["Content-Encoding: gzip"]))
    assert refusal(SourceSpec(url=server.url())).startswith(f"{server.url()} cannot be fetched: ")
    server.answers(answer(zlib.compress(b"text\none\n"), headers=["Content-Encoding: deflate"]))
    assert texts(SourceSpec(url=server.url())) == ["one"]


@pytest.mark.parametrize("part", ["head", "body"])
def test_a_byte_now_and_then_does_not_hold_the_reader(server: HostileServer, part: str) -> None:
    server.answers(dripping_head(server, 0.05) if part == "head" else endless(server, b"x", 0.05))
    with hang_guard():
        assert refusal(SourceSpec(url=server.url())) == f"{server.url()} did not answer in full within 0.5 s"


def test_redirects_share_one_clock(server: HostileServer) -> None:
    server.answers(answer(status="302 Found", headers=["Location: /again.csv"]), endless(server, b"x", 0.05))
    with hang_guard():
        assert "within 0.5 s" in refusal(SourceSpec(url=server.url()))


def test_a_broken_off_body_is_no_body(server: HostileServer) -> None:
    server.answers(answer(b"text\none\n", length=1000))
    assert refusal(SourceSpec(url=server.url())) == (
        f"{server.url()} cannot be fetched: the connection ended in the middle of the answer"
    )


@pytest.mark.parametrize(
    "reply", [b"", b"\x16\x03\x01 what", b"HTTP/1.1 abc\r\n\r\n", b"HTTP/1.1 200 OK\r\n"]
)
def test_what_is_no_answer_is_refused(server: HostileServer, reply: bytes) -> None:
    server.answers(lambda connection: connection.sendall(reply))
    assert refusal(SourceSpec(url=server.url())).startswith(server.url())


def test_a_host_that_is_not_there_is_said_plainly() -> None:
    with a_hostile_server() as gone:
        url = gone.url()
    said = refusal(SourceSpec(url=url))
    assert said == f"{url} cannot be fetched: nothing listens there (Connection refused)"


def test_an_empty_body_and_one_without_entries_are_refused(server: HostileServer) -> None:
    server.answers(answer(b" \n"))
    assert refusal(SourceSpec(url=server.url())) == f"{server.url()}:1 is empty"
    server.answers(answer(b"text\n--\n"))
    assert refusal(SourceSpec(url=server.url())).startswith(f"{server.url()} holds no entry: 1 rows")


def test_a_wrong_row_is_named_with_the_address(server: HostileServer) -> None:
    server.answers(answer(b'text,answer\n"one\n'))
    assert refusal(SourceSpec(url=server.url())).startswith(f"{server.url()}:2 is no row of a CSV file")


def test_a_certificate_that_nobody_vouches_for_is_refused(tmp_path: Path) -> None:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(a_certificate(tmp_path))
    with a_hostile_server(context) as server:
        server.answers(answer(b"text\none\n"))
        url = server.url().replace("http:", "https:")
        said = refusal(SourceSpec(url=url), Limits())
        assert said == f"{url} cannot be fetched: self-signed certificate"
        assert server.asked == []


@pytest.mark.parametrize("headers", [{"X": "a\r\nY: b"}, {"X": "你"}, {"": "x"}])
def test_headers_that_cannot_be_sent_are_refused(server: HostileServer, headers: dict[str, str]) -> None:
    server.answers(answer(b"text\none\n"))
    assert refusal(SourceSpec(url=server.url(), headers=headers)).startswith(server.url())


def test_the_users_netrc_is_never_sent(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """SEC19: what nobody configured for this source does not take the place of what somebody did."""
    netrc = tmp_path / "netrc"
    netrc.write_text("default login somebody password private", encoding="utf-8")
    monkeypatch.setenv("NETRC", str(netrc))
    with engine_server.EngineServer(
        engine_server.answer(200, b"apple", {"Content-Type": "text/plain"})
    ) as server:
        for headers in ({}, {"Authorization": "Bearer ours"}):
            web.fetch(f"{server.url}/list.txt", headers, {})
        sent = [heard.headers.get("Authorization") for heard in server.heard]
    assert sent == [None, "Bearer ours"]
