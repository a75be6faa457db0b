"""What every answer carries, whatever was asked and however it went."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.support.engine import a_knowledge_base
from tests.support.program import Program, a_program

ASKED = [
    ("GET", "/healthz"), ("GET", "/readyz"), ("GET", "/metrics"), ("GET", "/nowhere"),
    ("GET", "/slack/events"), ("POST", "/slack/events"), ("POST", "/slack/commands"), ("GET", "/"),
    ("GET", "/console/export/forged"),
    ("TRACE", "/slack/events"), ("GET", "/console/export/" + "a" * 9000), ("GET", "/%00"),
    ("GET", "//evil.test"),
]  # fmt: skip


@pytest.fixture(scope="module")
def program(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Program]:
    folder = tmp_path_factory.mktemp("headers")
    with a_program(folder, a_knowledge_base(folder, "apple")) as program:
        yield program


@pytest.mark.parametrize(("method", "path"), ASKED)
def test_every_answer_has_the_safe_headers_and_no_banner(program: Program, method: str, path: str) -> None:
    """SEC36."""
    answer = program.client.open(path, method=method)
    assert answer.status_code < 500
    policy = answer.headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "frame-ancestors 'none'" in policy
    assert "base-uri 'none'" in policy
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert answer.headers["Referrer-Policy"] == "no-referrer"
    assert "Server" not in answer.headers
    assert "Traceback" not in answer.text
