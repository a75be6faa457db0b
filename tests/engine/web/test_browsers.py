"""What a web page can do to an engine without a token: nothing."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.support.engine import a_knowledge_base, an_engine, some_settings

ENTRIES = "/v1/knowledge-bases/default/entries"
PAGE = {"Origin": "http://evil.example"}


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        (PAGE, 403),
        ({"Origin": "null"}, 403),
        ({"Origin": "http://127.0.0.1:1"}, 403),
        ({"Sec-Fetch-Site": "cross-site"}, 403),
        ({"Host": "evil.example:8100"}, 403),
        ({"Host": "engine.corp.example:8100"}, 201),
        ({"Host": "127.0.0.1:8100", "Origin": "http://127.0.0.1:8100"}, 201),
        ({"Host": "[::1]:8100"}, 201),
        ({"Host": "engine:8100"}, 201),
        ({}, 201),
    ],
)
def test_no_web_page_adds_an_entry_without_a_token(
    tmp_path: Path, headers: dict[str, str], status: int
) -> None:
    """SEC20."""
    base = a_knowledge_base(tmp_path, "apple")
    with an_engine(some_settings(tmp_path, base, hosts=("engine.corp.example",))) as engine:
        engine.is_settled()
        answer = engine.client.post(ENTRIES, data=b"forged", content_type="text/plain", headers=headers)
        assert answer.status_code == status
        entries = engine.client.get(ENTRIES).get_json()["entries"]
    assert [each["text"] for each in entries] == ["apple", *(["forged"] if status == 201 else [])]


@pytest.mark.parametrize("path", ["refresh", "rollback", "entries/apple"])
def test_no_web_page_changes_anything_else(tmp_path: Path, path: str) -> None:
    with an_engine(some_settings(tmp_path, a_knowledge_base(tmp_path, "apple"))) as engine:
        method = "DELETE" if "/" in path else "POST"
        address = f"/v1/knowledge-bases/default/{path}"
        assert engine.client.open(address, method=method, headers=PAGE).status_code == 403


def test_a_name_that_a_page_has_pointed_here_reads_nothing(tmp_path: Path) -> None:
    with an_engine(some_settings(tmp_path, a_knowledge_base(tmp_path, "apple"))) as engine:
        assert engine.client.get(ENTRIES, headers={"Host": "evil.example"}).status_code == 403


def test_with_a_token_the_token_decides(tmp_path: Path) -> None:
    settings = some_settings(tmp_path, a_knowledge_base(tmp_path, "apple"), token="a-t0ken-of-the-engine")
    with an_engine(settings) as engine:
        engine.is_settled()
        asked = {"Authorization": "Bearer a-t0ken-of-the-engine", "Host": "engine.corp.example"}
        assert engine.client.get(ENTRIES, headers=asked).status_code == 200


def test_a_body_is_of_the_declared_kind_and_a_parameter_is_given_once(tmp_path: Path) -> None:
    with an_engine(some_settings(tmp_path, a_knowledge_base(tmp_path, "apple"))) as engine:
        refresh = "/v1/knowledge-bases/default/refresh"
        assert engine.client.post(refresh, data=b"{}", content_type="text/plain").status_code == 415
        assert engine.client.post(refresh, json={}).status_code == 202
        assert engine.client.get(f"{ENTRIES}?limit=1&limit=2").status_code == 422
