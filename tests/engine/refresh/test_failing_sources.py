"""What people see of sources that fail or change beyond belief: in the report, the routes and the shell."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from engine import app
from engine.cli import commands
from tests.support.engine import (
    WAIT_SECONDS,
    HeldEncoder,
    LetterEncoder,
    RunningEngine,
    SettableClock,
    a_knowledge_base,
    an_engine,
    some_settings,
)

LINES = [f"apple number {number}" for number in range(20)]


def write(folder: Path, *lines: str, name: str = "default") -> None:
    (folder / f"{name}.txt").write_text("\n".join(lines), encoding="utf-8")


def described(engine: RunningEngine) -> Any:
    return engine.client.get("/v1/knowledge-bases/default").get_json()


def refreshed(engine: RunningEngine, body: Any) -> Any:
    answer = engine.client.post("/v1/knowledge-bases/default/refresh", json=body)
    assert answer.status_code == 202, answer.text
    return engine.ended(answer.get_json()["refresh"])


def test_a_shrunken_source_is_refused_and_let_through_when_confirmed(tmp_path: Path) -> None:
    encoder = LetterEncoder()
    settings = some_settings(tmp_path, a_knowledge_base(tmp_path, *LINES))
    with an_engine(settings, lambda: encoder) as engine:
        engine.is_settled()
        write(tmp_path, *LINES[:3])
        refused = engine.refresh()
        assert refused["state"] == "failed"
        assert "default.txt has shrunk from 20 entries to 3, below the floor of 50%" in refused["error"]
        assert "python -m engine refresh default --confirm" in refused["error"]
        assert described(engine)["size"] == 20
        assert [each["kept"] for each in described(engine)["failed_sources"]] == [20]
        allowed = refreshed(engine, {"confirm": True})
        assert (allowed["state"], allowed["kept"], allowed["confirmed"]) == ("done", 3, True)
        assert described(engine)["failed_sources"] == []
    assert len(encoder.encoded) == 20


def test_the_floor_is_the_knowledge_bases_own(tmp_path: Path) -> None:
    settings = some_settings(tmp_path, a_knowledge_base(tmp_path, *LINES, floor=0.1))
    with an_engine(settings) as engine:
        engine.is_settled()
        write(tmp_path, *LINES[:3])
        assert engine.refresh()["state"] == "done"


def test_one_of_two_sources_fails_and_everybody_is_told(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    write(tmp_path, "apple", name="one")
    write(tmp_path, "pear", name="two")
    clock = SettableClock()
    base = a_knowledge_base(tmp_path).model_copy(update={"source": ("one.txt", "two.txt")})
    with an_engine(some_settings(tmp_path, base), now=clock) as engine:
        engine.is_settled()
        clock.forward(hours=1)
        (tmp_path / "one.txt").unlink()
        write(tmp_path, "pear", "plum", name="two")
        report = engine.refresh()
        assert (report["state"], report["kept"], report["error"]) == ("done", 3, None)
        (failed,) = report["failed_sources"]
        assert (failed["source"], failed["kept"], failed["since"][:13]) == ("one.txt", 1, "2026-11-23T12")
        assert described(engine)["failed_sources"] == [failed]
        assert engine.texts("apple") == ["apple"]
        age = engine.search("apple")["snapshot_at"]
        clock.forward(hours=1)
        assert engine.refresh()["state"] == "done"
        assert engine.search("apple")["snapshot_at"] == age  # not found to be true again
    assert [each.message for each in caplog.records if "source" in each.message] == ["source failed"] * 2


def test_what_people_add_is_found_while_the_only_source_fails(tmp_path: Path) -> None:
    settings = some_settings(tmp_path, a_knowledge_base(tmp_path, "apple"))
    with an_engine(settings) as engine:
        engine.is_settled()
        (tmp_path / "default.txt").unlink()
        assert engine.refresh()["state"] == "failed"
        added = engine.client.post(
            "/v1/knowledge-bases/default/entries", data=b"quince", content_type="text/plain"
        ).get_json()
        report = engine.ended(added["refresh"])
        assert (report["state"], [each["code"] for each in report["failed_sources"]]) == ("done", ["missing"])
        assert (engine.texts("quince"), engine.texts("apple")) == (["quince"], ["apple"])


def test_a_first_start_without_anything_readable_fails_with_every_reason(tmp_path: Path) -> None:
    base = a_knowledge_base(tmp_path).model_copy(update={"source": ("one.txt", "two.txt")})
    with an_engine(some_settings(tmp_path, base)) as engine:
        report = engine.is_settled().refresh()
    assert report["state"] == "failed"
    assert "one.txt does not exist" in report["error"]
    assert "two.txt does not exist" in report["error"]


def test_a_confirmed_refresh_follows_one_that_runs_unconfirmed(tmp_path: Path) -> None:
    held = HeldEncoder()
    with an_engine(some_settings(tmp_path, a_knowledge_base(tmp_path, "apple")), lambda: held) as engine:
        assert held.waits.acquire(timeout=WAIT_SECONDS)
        refresher = engine.app.knowledge.refresher
        running = refresher.request("default")
        waiting = refresher.request_managed("default")
        confirmed = refresher.request("default", confirmed=True)
        assert len({running, waiting, confirmed}) == 3
        assert refresher.request("default") == running
        held.go.release(100)
        assert engine.ended(running)["confirmed"] is False
        assert engine.ended(confirmed)["confirmed"] is True


@pytest.mark.parametrize("body", [b"[]", b'{"confirm": "yes"}', b'{"force": true}', b"{"])
def test_a_wrong_wish_is_refused_and_refreshes_nothing(tmp_path: Path, body: bytes) -> None:
    with an_engine(some_settings(tmp_path, a_knowledge_base(tmp_path, "apple"))) as engine:
        before = len(engine.is_settled().app.knowledge.refresher.recent("default"))
        answer = engine.client.post(
            "/v1/knowledge-bases/default/refresh", data=body, content_type="application/json"
        )
        assert answer.status_code in {400, 422}
        assert len(engine.app.knowledge.refresher.recent("default")) == before


def test_the_shell_says_what_failed_and_confirms(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    settings = some_settings(tmp_path, a_knowledge_base(tmp_path, *LINES))
    edges = app.Edges(load_encoder=lambda _model: LetterEncoder(), now=SettableClock())
    assert commands.refresh(settings, "default", edges) == 0
    write(tmp_path, "quince")
    assert commands.refresh(settings, "default", edges) == 1
    assert "has shrunk from 20 entries to 1" in capsys.readouterr().err
    assert commands.refresh(settings, "default", edges, confirmed=True) == 0
    assert "default: 1 entries served" in capsys.readouterr().out


def test_check_names_every_source_that_cannot_be_read(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    base = a_knowledge_base(tmp_path, "apple").model_copy(
        update={"source": ("one.txt", "default.txt", "two.txt")}
    )
    edges = app.Edges(load_encoder=lambda _model: LetterEncoder(), now=SettableClock())
    assert commands.check(some_settings(tmp_path, base), None, edges) == 1
    said = capsys.readouterr().out
    assert "knowledge base default: one.txt does not exist" in said
    assert "knowledge base default: two.txt does not exist" in said
    assert "knowledge base default: 1 entries, 0 dropped" in said
