from __future__ import annotations

import threading
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from engine.domain import UnknownKnowledgeBase
from tests.support.engine import (
    A_LONG_TEXT,
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
from tests.support.stored import as_if_never_written


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
    assert (report["added"], report["changed"], report["removed"]) == (1, 0, 0)


def test_what_searches_after_a_change_is_what_would_be_made_anew(tmp_path: Path) -> None:
    lines = [f"{number} apples or {number * number} pears" for number in range(50)]
    with an_engine(some_settings(tmp_path, a_knowledge_base(tmp_path, *lines))) as engine:
        engine.is_settled()
        write(tmp_path, *lines[30:], "a plum", *lines[:28])
        engine.refresh()
        served = engine.app.knowledge.snapshot_stores["default"].current
        assert engine.texts("a plum") == ["a plum"]
    assert served
    anew = a_snapshot(entries=served.entries)
    for ours, made in (
        (served.scan.arrays(), anew.scan.arrays()),
        (served.keywords.arrays(), anew.keywords.arrays()),
        (served.same_texts.arrays(), anew.same_texts.arrays()),
    ):
        assert {name: array.tolist() for name, array in ours.items()} == {
            name: array.tolist() for name, array in made.items()
        }


def test_a_restart_embeds_nothing(tmp_path: Path) -> None:
    settings = some_settings(tmp_path, a_knowledge_base(tmp_path, "apple", "pear"))
    with an_engine(settings) as engine:
        engine.is_settled()
    encoder = LetterEncoder()
    with an_engine(settings, lambda: encoder) as engine:
        assert engine.is_settled().texts("pear") == ["pear"]
        assert engine.refresh()["embedded"] == 0
    assert encoder.encoded == []


def test_a_long_entry_is_found_by_its_best_passage(tmp_path: Path) -> None:
    settings = some_settings(tmp_path, a_knowledge_base(tmp_path, A_LONG_TEXT, "pear"))
    with an_engine(settings) as engine:
        (match,) = engine.is_settled().search("zebra jazz quiz", threshold=0.7)["matches"]
        whole, question = LetterEncoder().encode([A_LONG_TEXT, "zebra jazz quiz"], "document")
        assert match["text"] == A_LONG_TEXT
        assert match["cosine"] > 0.7 > float(whole @ question)
    encoder = LetterEncoder()
    with an_engine(settings, lambda: encoder) as engine:
        engine.is_settled()
        write(tmp_path, "plum", A_LONG_TEXT)
        assert engine.refresh()["embedded"] == 1
        write(tmp_path, "plum")
        engine.refresh()
        write(tmp_path, "plum", A_LONG_TEXT)
        assert engine.refresh()["embedded"] == 0
        assert engine.texts("zebra jazz quiz", threshold=0.7) == [A_LONG_TEXT]
    assert encoder.encoded == ["plum"]


def test_a_snapshot_from_before_there_were_passages_gets_them(tmp_path: Path) -> None:
    settings = some_settings(tmp_path, a_knowledge_base(tmp_path, A_LONG_TEXT))
    with an_engine(settings) as engine:
        engine.is_settled()
    (stored,) = (each for each in (tmp_path / "data/snapshots/default").iterdir() if each.is_dir())
    as_if_never_written(stored, "passages1.safetensors")
    with an_engine(settings) as engine:
        assert engine.is_settled().texts("zebra jazz quiz", threshold=0.7) == []
        assert engine.refresh()["recalled"] > 1
        assert engine.texts("zebra jazz quiz", threshold=0.7) == [A_LONG_TEXT]


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
        snapshots = engine.app.knowledge.snapshot_stores["default"]
        snapshots.publish(a_snapshot("pear", id="99991231T000000.000000Z-newer"))
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
        later = refresher.request_managed("default")
        assert later != first
        assert refresher.request_managed("default") == later
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


def test_a_text_that_comes_back_is_not_embedded_again(tmp_path: Path) -> None:
    encoder = LetterEncoder()
    settings = some_settings(tmp_path, a_knowledge_base(tmp_path, "apple", "pear"))
    with an_engine(settings, lambda: encoder) as engine:
        engine.is_settled()
        for lines in (("apple", "plum"), ("apple", "fig")):
            write(tmp_path, *lines)
            assert engine.refresh()["embedded"] == 1
        write(tmp_path, "pear", "apple", "plum")
        report = engine.refresh()
        assert engine.texts("pear") == ["pear"]
    assert (report["embedded"], report["recalled"]) == (0, 2)
    assert sorted(encoder.encoded) == ["apple", "fig", "pear", "plum"]


def _same(encoder: LetterEncoder) -> LetterEncoder:
    return encoder


def test_a_model_switched_there_and_back_embeds_nothing_again(tmp_path: Path) -> None:
    settings = some_settings(tmp_path, a_knowledge_base(tmp_path, "apple", "pear"))
    for name, embedded in (("letters", 2), ("other", 2), ("letters", 0), ("other", 0)):
        encoder = LetterEncoder(name=name)
        with an_engine(settings, partial(_same, encoder)) as engine:
            assert engine.is_settled().search("pear")["model"] == name
        assert len(encoder.encoded) == embedded


def test_a_renamed_knowledge_base_embeds_nothing_again(tmp_path: Path) -> None:
    with an_engine(some_settings(tmp_path, a_knowledge_base(tmp_path, "apple"))) as engine:
        engine.is_settled()
    encoder = LetterEncoder()
    renamed = a_knowledge_base(tmp_path, "apple", name="fruit")
    with an_engine(some_settings(tmp_path, renamed), lambda: encoder) as engine:
        assert engine.is_settled().texts("apple", knowledge_base="fruit") == ["apple"]
    assert encoder.encoded == []


def test_a_refresh_that_was_cut_off_goes_on_where_it_was(tmp_path: Path) -> None:
    lines = [f"{number} apples" for number in range(200)]
    settings = some_settings(tmp_path, a_knowledge_base(tmp_path, *lines))
    held = HeldEncoder()
    with an_engine(settings, lambda: held) as engine:
        assert held.waits.acquire(timeout=WAIT_SECONDS)
        held.go.release(2)
        for _ in range(2):
            assert held.waits.acquire(timeout=WAIT_SECONDS)
        stopping = threading.Thread(target=engine.app.stop)
        stopping.start()
        held.go.release(10)
        stopping.join(WAIT_SECONDS)
    encoder = LetterEncoder()
    with an_engine(settings, lambda: encoder) as engine:
        engine.is_settled()
        report = engine.app.knowledge.refresher.recent("default")[0]
    assert report.recalled + report.embedded == 200
    assert len(encoder.encoded) == report.embedded <= 200 - 128


def test_the_history_of_refreshes_outlives_the_engine(tmp_path: Path) -> None:
    settings = some_settings(tmp_path, a_knowledge_base(tmp_path, "apple", "pear"))
    with an_engine(settings) as engine:
        engine.is_settled()
        before = engine.refresh()
    with an_engine(settings) as engine:
        shown = engine.is_settled().client.get("/v1/knowledge-bases/default").get_json()
    assert shown["last_refresh"] == before
    assert [each["embedded"] for each in shown["refreshes"]] == [0, 2]


def test_one_text_that_fails_is_named_and_the_others_are_kept(tmp_path: Path) -> None:
    class Picky(PickyEncoder):
        pass

    encoder = Picky()
    settings = some_settings(tmp_path, a_knowledge_base(tmp_path, "apple"))
    with an_engine(settings, lambda: encoder) as engine:
        engine.is_settled()
        write(tmp_path, "apple", "plum", "poison ivy", "pear")
        failed = engine.refresh()
        write(tmp_path, "apple", "plum", "pear")
        report = engine.refresh()
    assert failed["error"].startswith('1 text cannot be encoded: "poison ivy": ')
    assert (report["embedded"], report["recalled"]) == (0, 2)
