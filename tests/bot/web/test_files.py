"""A link from the chat gives its file, and only as long as it may."""

from __future__ import annotations

import pytest
from flask.testing import FlaskClient

from bot import web
from bot.domain import File
from bot.web import files

LINKS = files.SignedLinks("https://kb.example.com", lambda: "secret")
KEPT = {"d1": File("d1", "导出.csv", "text/csv; charset=utf-8", b"a,b\r\n", keep_seconds=1)}


@pytest.fixture
def client() -> FlaskClient:
    return web.create([files.blueprint(read=LINKS.read, find=KEPT.get)]).test_client()


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
