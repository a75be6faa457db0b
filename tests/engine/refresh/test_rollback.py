from __future__ import annotations

from pathlib import Path
from typing import Any

from tests.support.engine import (
    WAIT_SECONDS,
    HeldEncoder,
    LetterEncoder,
    RunningEngine,
    a_knowledge_base,
    an_engine,
    some_settings,
)


def write(folder: Path, *lines: str) -> None:
    (folder / "default.txt").write_text("\n".join(lines), encoding="utf-8")


def roll_back(engine: RunningEngine) -> Any:
    return engine.client.post("/v1/knowledge-bases/default/rollback")


def a_bad_change(engine: RunningEngine, folder: Path) -> None:
    engine.is_settled()
    write(folder, "apple", "worm")
    engine.refresh()
    assert engine.texts("worm") == ["worm"]


def scheduled(engine: RunningEngine) -> Any:
    """A refresh as the schedule asks for it, ended."""
    return engine.ended(engine.app.knowledge.refresher.request("default"))


def test_a_rollback_serves_what_was_served_before(tmp_path: Path) -> None:
    with an_engine(some_settings(tmp_path, a_knowledge_base(tmp_path, "apple", "pear"))) as engine:
        good = engine.is_settled().search("pear")["snapshot"]
        a_bad_change(engine, tmp_path)
        bad = engine.search("worm")["snapshot"]
        answer = roll_back(engine)
        assert answer.status_code == 200
        done = answer.get_json()
        assert (done["snapshot"], done["from_snapshot"]) == (good, bad)
        assert "when somebody asks for a refresh" in done["says"]
        assert (engine.texts("pear"), engine.texts("worm")) == (["pear"], [])
        shown = engine.client.get("/v1/knowledge-bases/default").get_json()
        assert shown["rolled_back"]["from_snapshot"] == bad
        again = roll_back(engine)
        assert (again.status_code, again.get_json()["error"]["code"]) == (409, "no_snapshot")


def test_a_scheduled_refresh_does_not_undo_a_rollback(tmp_path: Path) -> None:
    settings = some_settings(tmp_path, a_knowledge_base(tmp_path, "apple", "pear"))
    with an_engine(settings) as engine:
        a_bad_change(engine, tmp_path)
        roll_back(engine)
        report = scheduled(engine)
        assert (report["state"], report["held_back"]) == ("done", True)
        assert engine.texts("worm") == []
    with an_engine(settings) as engine:
        assert scheduled(engine.is_settled())["held_back"]
        assert engine.texts("worm") == []


def test_a_source_that_changes_ends_a_rollback(tmp_path: Path) -> None:
    with an_engine(some_settings(tmp_path, a_knowledge_base(tmp_path, "apple", "pear"))) as engine:
        a_bad_change(engine, tmp_path)
        roll_back(engine)
        write(tmp_path, "apple", "pear", "plum")
        assert not scheduled(engine)["held_back"]
        assert engine.texts("plum") == ["plum"]
        shown = engine.client.get("/v1/knowledge-bases/default").get_json()
        assert shown["rolled_back"] is None


def test_a_refresh_by_hand_ends_a_rollback(tmp_path: Path) -> None:
    with an_engine(some_settings(tmp_path, a_knowledge_base(tmp_path, "apple", "pear"))) as engine:
        a_bad_change(engine, tmp_path)
        roll_back(engine)
        assert not engine.refresh()["held_back"]
        assert engine.texts("worm") == ["worm"]


def test_a_refresh_that_runs_during_a_rollback_publishes_what_is_new(tmp_path: Path) -> None:
    held = HeldEncoder()
    held.go.release(3)
    settings = some_settings(tmp_path, a_knowledge_base(tmp_path, "apple", "pear"), vector_cache_mib=0)
    with an_engine(settings, lambda: held) as engine:
        a_bad_change(engine, tmp_path)
        for _ in range(3):
            held.waits.acquire(timeout=WAIT_SECONDS)
        write(tmp_path, "apple", "worm", "wasp")
        running = engine.app.knowledge.refresher.request("default")
        assert held.waits.acquire(timeout=WAIT_SECONDS)
        roll_back(engine)
        held.go.release(10)
        assert engine.ended(running)["held_back"] is False
        assert engine.texts("wasp") == ["wasp"]


def test_there_is_nothing_to_roll_back_to_at_first(tmp_path: Path) -> None:
    with an_engine(some_settings(tmp_path, a_knowledge_base(tmp_path, "apple"))) as engine:
        answer = roll_back(engine.is_settled())
        assert answer.status_code == 409
        assert "no snapshot before" in answer.get_json()["error"]["message"]
        assert engine.client.post("/v1/knowledge-bases/nope/rollback").status_code == 404


def test_a_snapshot_of_another_model_is_not_gone_back_to(tmp_path: Path) -> None:
    settings = some_settings(tmp_path, a_knowledge_base(tmp_path, "apple"))
    with an_engine(settings) as engine:
        engine.is_settled()
    with an_engine(settings, lambda: LetterEncoder(name="other")) as engine:
        answer = roll_back(engine.is_settled())
        assert answer.status_code == 409
        assert "made with letters under other settings" in answer.get_json()["error"]["message"]
        assert engine.texts("apple") == ["apple"]
