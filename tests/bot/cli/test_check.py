"""`python -m bot check` over a real HTTP server in the engine's place."""

from __future__ import annotations

import io
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from bot.cli.check import check
from bot.config_file import load
from bot.platforms.registry import BOT
from bot.store import schema
from tests.support.engine_server import EngineServer, answer

READY = {"ready": True, "model": "bundled", "device": "cpu", "warnings": []}
BASE: dict[str, Any] = {"name": "default", "size": 7, "model": "bundled", "dimension": 512}
GONE = {
    "source": "/srv/kb/faq.csv",
    "reason": "faq.csv does not exist",
    "code": "missing",
    "kept": 12,
    "since": "2026-05-03T08:30:00Z",
    "failing_since": "2026-05-04T08:30:00Z",
    "details": {},
}


@pytest.fixture
def engine() -> Iterator[EngineServer]:
    with EngineServer(answer(200, READY)) as server:
        yield server


def checked(folder: Path, engine: EngineServer, **keys: str) -> tuple[int, list[str]]:
    """The exit code, and what is said of the engine and its knowledge bases."""
    environment = {
        "KBDIAL_BOT__DATABASE_URL": f"sqlite:///{folder / 'bot.db'}",
        "KBDIAL_BOT__ENGINE_URL": engine.url,
        **keys,
    }
    config = load(None, environment, BOT)
    schema.migrate(config.bot.database_url)
    out = io.StringIO()
    code = check(config, out)
    return code, out.getvalue().splitlines()


def test_all_is_well(tmp_path: Path, engine: EngineServer) -> None:
    engine.answers.extend([answer(200, READY), answer(200, {"knowledge_bases": [BASE]})])
    assert checked(tmp_path, engine) == (
        0,
        [
            "ok      database: known and up to date",
            f"ok      engine: bundled on cpu at {engine.url}",
            "ok      knowledge bases: default (7)",
        ],
    )


def test_an_engine_that_loads_says_so(tmp_path: Path, engine: EngineServer) -> None:
    loading = {
        "ready": False,
        "state": "embedding",
        "reason": "a refresh is coming",
        "progress": {"done": 3, "total": 9, "per_second": None},
    }
    engine.answers.extend([answer(503, loading), answer(200, {"knowledge_bases": [BASE]})])
    code, lines = checked(tmp_path, engine)
    assert (code, lines[1]) == (
        1,
        (
            f"FAILED  engine: {engine.url}: the engine is not ready (embedding): a refresh is coming "
            "(3 of 9 embedded)"
        ),
    )


def test_a_failing_source_is_named_with_what_is_served_of_it(tmp_path: Path, engine: EngineServer) -> None:
    base = {**BASE, "failed_sources": [GONE]}
    engine.answers.extend([answer(200, READY), answer(200, {"knowledge_bases": [base]})])
    code, lines = checked(tmp_path, engine)
    assert (code, lines[2]) == (
        1,
        (
            "FAILED  knowledge bases: default: ⚠️ faq.csv does not exist (since 2026-05-04 08:30); "
            "its 12 entries of 2026-05-03 08:30 are served."
        ),
    )


def test_a_default_knowledge_base_that_does_not_exist_is_a_mistake(
    tmp_path: Path, engine: EngineServer
) -> None:
    engine.answers.extend([answer(200, READY), answer(200, {"knowledge_bases": [BASE]})])
    code, lines = checked(tmp_path, engine, KBDIAL_BOT__DEFAULTS__KNOWLEDGE_BASE="shop")
    assert (code, lines[2]) == (
        1,
        (
            'FAILED  knowledge bases: [bot.defaults] knowledge_base is "shop", and the engine has no such '
            "one: it has default (7)"
        ),
    )


def test_each_follower_is_reached(tmp_path: Path, engine: EngineServer) -> None:
    off = "http://127.0.0.1:9"
    engine.answers.extend([answer(200, READY), answer(200, {"knowledge_bases": [BASE]}), answer(200, READY)])
    followers = f'["{engine.url}", "{off}"]'
    code, lines = checked(tmp_path, engine, KBDIAL_BOT__ENGINE_FOLLOWERS=followers)
    assert (code, lines[3]) == (1, f"ok      follower {engine.url}: bundled on cpu")
    assert lines[4] == (
        f"FAILED  follower {off}: the engine did not answer: nothing listens there (Connection refused); "
        "start it (python -m engine serve), or correct [bot] engine_followers"
    )


def test_a_follower_that_lags_is_told(tmp_path: Path, engine: EngineServer) -> None:
    late = '"default": the publisher at http://10.0.0.5:8100 does not answer: nothing listens there'
    engine.answers.extend(
        [
            answer(200, READY),
            answer(200, {"knowledge_bases": [BASE]}),
            answer(200, {**READY, "warnings": [late]}),
        ]
    )
    code, lines = checked(tmp_path, engine, KBDIAL_BOT__ENGINE_FOLLOWERS=f'["{engine.url}"]')
    assert (code, lines[3]) == (
        1,
        f"FAILED  follower {engine.url}: it answers, but: {late}",
    )
