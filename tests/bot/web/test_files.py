"""A link from the chat gives its file, and only as long as it may."""

from __future__ import annotations

import random
from collections.abc import Iterator
from pathlib import Path

import pytest
from flask.testing import FlaskClient
from sqlalchemy import delete, select

from bot import web
from bot.domain import File, Outcome
from bot.store import StoreError
from bot.store.documents import PIECE_BYTES
from bot.store.tables import document
from bot.web import files
from tests.bot.store.building import HandClock, a_message, a_store

LINKS = files.SignedLinks("https://kb.example.com", lambda: "secret")
KEPT = {"d1": File("d1", "导出.csv", "text/csv; charset=utf-8", b"a,b\r\n", keep_seconds=1)}


def pieces(name: str) -> Iterator[bytes]:
    yield from (KEPT[name].content[at : at + 2] for at in range(0, 5, 2))


@pytest.fixture
def client() -> FlaskClient:
    return web.create([files.blueprint(read=LINKS.read, find=KEPT.get, pieces=pieces)]).test_client()


def path(link: str) -> str:
    assert link.startswith("https://kb.example.com/console/export/")
    return link.removeprefix("https://kb.example.com")


def test_a_link_gives_its_file_to_be_saved_and_not_shown(client: FlaskClient) -> None:
    response = client.get(path(LINKS.to("d1")))
    assert (response.status_code, response.data) == (200, b"a,b\r\n")
    assert response.headers["Content-Type"] == "text/csv; charset=utf-8"
    assert response.headers["Content-Disposition"] == "attachment; filename*=UTF-8''%E5%AF%BC%E5%87%BA.csv"
    assert response.headers["X-Content-Type-Options"] == "nosniff"
    assert response.headers["Cache-Control"] == "no-store"


@pytest.mark.parametrize("token", ["", "d1", "..", "ImQxIg.x", "%00", "a" * 5000])
def test_what_we_did_not_sign_gives_nothing(client: FlaskClient, token: str) -> None:
    response = client.get(f"/console/export/{token}")
    assert response.status_code == 404
    assert b"a,b" not in response.data


def test_a_link_of_another_installation_gives_nothing(client: FlaskClient) -> None:
    other = files.SignedLinks("https://kb.example.com", lambda: "another secret")
    assert client.get(path(other.to("d1"))).status_code == 404


def test_an_expired_file_says_what_to_do(client: FlaskClient) -> None:
    response = client.get(path(LINKS.to("gone")))
    assert response.status_code == 404
    assert "Ask for the file again" in response.text


def test_a_large_file_is_read_in_pieces_and_whole(tmp_path: Path) -> None:
    """A reader holds a piece, however large the file; one that expires meanwhile does not end as if whole."""
    content = random.Random(1).randbytes(900_000) + b"0" * 3_000_000
    with a_store(tmp_path / "bot.db", HandClock()) as store:
        store.inbox.accept(a_message())
        item = store.inbox.claim()
        assert item is not None
        store.inbox.complete(item, Outcome(files=(File("d1", "a.csv", "text/csv", content, 3600.0),)))
        pieces = list(store.documents.pieces("d1"))
        assert b"".join(pieces) == content
        assert len(pieces) > 10
        assert max(map(len, pieces)) <= PIECE_BYTES
        found = store.documents.find("d1")
        assert found is not None
        assert (found.name, found.content) == ("a.csv", b"")
        assert store.documents.content("d1") == content
        reading = store.documents.pieces("d1")
        next(reading)
        store.database.write(lambda connection: connection.execute(delete(document)))
        with pytest.raises(StoreError, match="expired while it was read"):
            list(reading)


def test_an_expired_file_is_forgotten_at_the_next_sweep(tmp_path: Path) -> None:
    clock = HandClock()
    with a_store(tmp_path / "bot.db", clock) as store:
        store.inbox.accept(a_message())
        item = store.inbox.claim()
        assert item is not None
        store.inbox.complete(item, Outcome(files=(File("d1", "a.csv", "text/csv", b"x", 3600.0),)))
        clock.go_on(3601)
        assert store.documents.find("d1") is None
        assert store.retention.sweep(days=30) == 1
        assert list(store.database.read(lambda connection: connection.scalars(select(document.c.id)))) == []
