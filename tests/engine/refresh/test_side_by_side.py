"""A source that hangs holds up nobody else: not another knowledge base, and not what is added in chat."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from tests.support.engine import (
    RunningEngine,
    SettableClock,
    a_knowledge_base,
    an_engine,
    some_settings,
)
from tests.support.engine_server import EngineServer, answer, hangs

LINES = answer(200, b"apple\npear\n", {"Content-Type": "text/plain"})


def add(engine: RunningEngine, text: str, name: str) -> Any:
    added = engine.client.post(
        f"/v1/knowledge-bases/{name}/entries", data=text.encode(), content_type="text/plain"
    )
    assert added.status_code == 201
    return engine.ended(added.get_json()["refresh"], name)


def described(engine: RunningEngine, name: str) -> Any:
    return engine.client.get(f"/v1/knowledge-bases/{name}").get_json()


def test_what_hangs_holds_up_no_other_and_no_entry_that_is_added(tmp_path: Path) -> None:
    """REL37."""
    with EngineServer(LINES) as server:
        remote = a_knowledge_base(tmp_path, name="remote").model_copy(
            update={"source": (f"{server.url}/list.txt",)}
        )
        settings = some_settings(tmp_path, remote, a_knowledge_base(tmp_path, "plum"))
        with an_engine(settings) as engine:
            engine.is_settled()
            server.usual = hangs
            hanging = engine.app.knowledge.refresh("remote")
            (tmp_path / "default.txt").write_text("plum\nquince", encoding="utf-8")

            assert engine.refresh("default")["kept"] == 2
            assert add(engine, "cherry", "default")["kept"] == 3
            assert add(engine, "melon", "remote")["kept"] == 3
            assert engine.texts("melon", knowledge_base="remote") == ["melon"]
            states = {each["id"]: each["state"] for each in described(engine, "remote")["refreshes"]}
            assert states[hanging] == "running"
            server._closing.set()  # the source hangs up, so that the engine need not wait for it


def test_what_is_added_says_nothing_about_the_age_of_what_the_sources_hold(tmp_path: Path) -> None:
    clock = SettableClock()
    with an_engine(some_settings(tmp_path, a_knowledge_base(tmp_path, "plum")), now=clock) as engine:
        age = engine.is_settled().search("plum")["snapshot_at"]
        clock.forward(hours=3)
        add(engine, "melon", "default")
        assert engine.search("melon")["snapshot_at"] == age


def test_it_is_told_since_when_a_source_fails_and_why(tmp_path: Path) -> None:
    refused: Any = answer(500, b"", {})
    clock = SettableClock()
    with EngineServer(LINES) as server:
        base = a_knowledge_base(tmp_path).model_copy(update={"source": (f"{server.url}/list.txt",)})
        with an_engine(some_settings(tmp_path, base), now=clock) as engine:
            engine.is_settled()
            server.usual = refused
            clock.forward(hours=1)
            engine.refresh()
            clock.forward(hours=1)
            engine.refresh()
            add(engine, "melon", "default")
            (failed,) = described(engine, "default")["failed_sources"]
            page = engine.client.get("/metrics").text
            server.usual = LINES
            engine.refresh()
            assert described(engine, "default")["failed_sources"] == []
    assert (failed["code"], failed["kept"]) == ("refused", 2)
    assert failed["failing_since"].startswith("2026-11-23T13:00")
    assert failed["since"].startswith("2026-11-23T12:00")
    assert 'kbdial_engine_failing_sources{knowledge_base="default"} 1.0' in page
    assert 'kbdial_engine_refreshes_total{knowledge_base="default",state="partial"} 1.0' in page
