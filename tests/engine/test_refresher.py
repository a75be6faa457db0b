from __future__ import annotations

import threading
from pathlib import Path
from typing import Any

import pytest

from engine.domain import UnknownKnowledgeBase
from tests.support.engine import (
    WAIT_SECONDS,
    HeldEncoder,
    LetterEncoder,
    PickyEncoder,
    RunningEngine,
    SettableClock,
    a_knowledge_base,
    a_snapshot,
    an_engine,
    some_settings,
)


def write(folder: Path, *lines: str, name: str = "default") -> None:
    (folder / f"{name}.txt").write_text("\n".join(lines), encoding="utf-8")


def add(engine: RunningEngine, text: str) -> Any:
    answer = engine.client.post(
        "/v1/knowledge-bases/default/entries", data=text.encode(), content_type="text/plain"
    )
    assert answer.status_code == 201
    return answer.get_json()


def test_a_first_start_makes_the_first_snapshot_by_itself(tmp_path: Path) -> None:
    with an_engine(some_settings(tmp_path, a_knowledge_base(tmp_path, "apple", "pear"))) as engine:
        assert engine.is_settled().texts("pear") == ["pear"]


def test_only_new_texts_are_embedded(tmp_path: Path) -> None:
    encoder = LetterEncoder()
    settings = some_settings(tmp_path, a_knowledge_base(tmp_path, "apple", "pear"))
    with an_engine(settings, lambda: encoder) as engine:
        engine.is_settled()
        write(tmp_path, "pear", "plum", "apple")
        report = engine.refresh()
        assert engine.texts("plum") == ["plum"]
    assert sorted(encoder.encoded) == ["apple", "pear", "plum"]
    assert (report["read"], report["kept"], report["embedded"]) == (3, 3, 1)


def test_a_restart_embeds_nothing(tmp_path: Path) -> None:
    settings = some_settings(tmp_path, a_knowledge_base(tmp_path, "apple", "pear"))
    with an_engine(settings) as engine:
        engine.is_settled()
    encoder = LetterEncoder()
    with an_engine(settings, lambda: encoder) as engine:
        assert engine.is_settled().texts("pear") == ["pear"]
        assert engine.refresh()["embedded"] == 0
    assert encoder.encoded == []


def test_a_refresh_that_finds_nothing_new_confirms_the_snapshot(tmp_path: Path) -> None:
    clock = SettableClock()
    settings = some_settings(tmp_path, a_knowledge_base(tmp_path, "apple"))
    with an_engine(settings, now=clock) as engine:
        before = engine.is_settled().search("apple")
        clock.forward(hours=2)
        engine.refresh()
        after = engine.search("apple")
    assert after["snapshot"] == before["snapshot"]
    assert before["snapshot_at"].startswith("2026-11-23T12:00")
    assert after["snapshot_at"].startswith("2026-11-23T14:00")


def test_another_model_embeds_everything_again_and_never_mixes(tmp_path: Path) -> None:
    settings = some_settings(tmp_path, a_knowledge_base(tmp_path, "apple", "pear"))
    with an_engine(settings) as engine:
        engine.is_settled()
    held = HeldEncoder()
    held.identity = LetterEncoder(name="other").identity
    with an_engine(settings, lambda: held) as engine:
        assert held.waits.acquire(timeout=WAIT_SECONDS)
        refused = engine.client.post("/v1/search", json={"query": "pear"})
        held.go.release(100)
        assert engine.is_settled().search("pear")["model"] == "other"
    assert refused.status_code == 503
    assert "must be refreshed for other" in refused.get_json()["error"]["message"]


def test_a_refresh_that_fails_leaves_the_old_answers(tmp_path: Path) -> None:
    settings = some_settings(tmp_path, a_knowledge_base(tmp_path, "apple", "pear"))
    with an_engine(settings) as engine:
        engine.is_settled()
        (tmp_path / "default.txt").write_bytes("fine\n苹果".encode("gb18030"))
        report = engine.refresh()
        assert report["state"] == "failed"
        assert "default.txt:2" in report["error"]
        assert engine.texts("pear") == ["pear"]
    with an_engine(settings) as engine:
        assert engine.is_settled().texts("pear") == ["pear"]


def test_a_model_that_fails_on_a_text_leaves_the_old_answers(tmp_path: Path) -> None:
    settings = some_settings(tmp_path, a_knowledge_base(tmp_path, "apple"))
    with an_engine(settings, PickyEncoder) as engine:
        engine.is_settled()
        write(tmp_path, "apple", "poison")
        report = engine.refresh()
        assert (report["state"], "poisoned" in report["error"]) == ("failed", True)
        assert engine.texts("apple") == ["apple"]


def test_a_question_keeps_the_snapshot_it_started_with(tmp_path: Path) -> None:
    class HeldQuestions(LetterEncoder):
        hold = False
        waits, go = threading.Semaphore(0), threading.Semaphore(0)

        def encode(self, texts: Any, role: Any) -> Any:
            vectors = super().encode(texts, role)
            if role == "query" and self.hold:
                self.waits.release()
                assert self.go.acquire(timeout=WAIT_SECONDS)
            return vectors

    encoder = HeldQuestions()
    settings = some_settings(tmp_path, a_knowledge_base(tmp_path, "apple"))
    with an_engine(settings, lambda: encoder) as engine:
        started = engine.is_settled().search("apple")
        encoder.hold = True
        answers: list[Any] = []
        asking = threading.Thread(target=lambda: answers.append(engine.search("apple")))
        asking.start()
        assert encoder.waits.acquire(timeout=WAIT_SECONDS)
        # The model is held by the question, so this snapshot is one that needs no model.
        shelf = engine.app.knowledge.shelves["default"]
        shelf.publish(a_snapshot("pear", id="99991231T000000.000000Z-newer"))
        encoder.hold = False
        encoder.go.release()
        asking.join(WAIT_SECONDS)
        assert [(each["snapshot"], each["matches"][0]["text"]) for each in answers] == [
            (started["snapshot"], "apple")
        ]
        assert engine.search("pear")["snapshot"].endswith("newer")


def test_requests_join_the_refresh_that_waits_or_runs(tmp_path: Path) -> None:
    held = HeldEncoder()
    with an_engine(some_settings(tmp_path, a_knowledge_base(tmp_path, "apple")), lambda: held) as engine:
        assert held.waits.acquire(timeout=WAIT_SECONDS)  # the first refresh is embedding
        refresher = engine.app.knowledge.refresher
        first = refresher.recent("default")[0].id
        assert refresher.request("default") == first
        later = refresher.changed("default")
        assert later != first
        assert refresher.changed("default") == later
        held.go.release(100)
        assert engine.ended(first)["state"] == "done"
        assert engine.ended(later)["state"] == "done"


def test_an_entry_added_while_a_refresh_runs_is_found_after_its_own(tmp_path: Path) -> None:
    held = HeldEncoder()
    with an_engine(some_settings(tmp_path, a_knowledge_base(tmp_path, "apple")), lambda: held) as engine:
        assert held.waits.acquire(timeout=WAIT_SECONDS)
        added = add(engine, "quince => a kind of pear")
        held.go.release(100)
        assert engine.ended(added["refresh"])["state"] == "done"
        match = engine.search("quince")["matches"][0]
    assert (match["text"], match["answer"], match["source"]) == ("quince", "a kind of pear", "managed")


def test_several_sources_are_one_knowledge_base(tmp_path: Path) -> None:
    write(tmp_path, "apple", "pear", name="one")
    write(tmp_path, "pear", "plum", name="two")
    base = a_knowledge_base(tmp_path).model_copy(update={"source": ("one.txt", "two.txt")})
    with an_engine(some_settings(tmp_path, base)) as engine:
        report = engine.is_settled().refresh()
        listed = engine.client.get("/v1/knowledge-bases/default/entries").get_json()
    assert sorted(each["text"] for each in listed["entries"]) == ["apple", "pear", "plum"]
    assert (report["read"], report["kept"], report["dropped_total"]) == (4, 3, 1)


def test_what_was_dropped_is_reported_with_its_line(tmp_path: Path) -> None:
    base = a_knowledge_base(tmp_path, "apple", "...", "apple")
    with an_engine(some_settings(tmp_path, base)) as engine:
        report = engine.is_settled().refresh()
    assert [each["where"] for each in report["dropped"]] == ["default.txt:2", "default.txt:3"]


def test_an_unknown_knowledge_base_cannot_be_refreshed(tmp_path: Path) -> None:
    with (
        an_engine(some_settings(tmp_path, a_knowledge_base(tmp_path, "apple"))) as engine,
        pytest.raises(UnknownKnowledgeBase),
    ):
        engine.app.knowledge.refresher.request("nope")


def test_stopping_ends_a_refresh_in_the_middle(tmp_path: Path) -> None:
    held = HeldEncoder()
    lines = [f"{number} apples" for number in range(200)]
    settings = some_settings(tmp_path, a_knowledge_base(tmp_path, *lines))
    with an_engine(settings, lambda: held) as engine:
        assert held.waits.acquire(timeout=WAIT_SECONDS)
        held.go.release()
        assert held.waits.acquire(timeout=WAIT_SECONDS)
        assert engine.app.knowledge.refresher.progress("default") is not None
        stopping = threading.Thread(target=engine.app.stop)
        stopping.start()
        held.go.release()
        stopping.join(WAIT_SECONDS)
        assert not stopping.is_alive()
        refresh = engine.app.knowledge.refresher.recent("default")[0]
        assert (refresh.state, refresh.error) == ("failed", "the engine is stopping")
