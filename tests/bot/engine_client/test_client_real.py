"""The client against the engine itself, called without a socket."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from bot.domain import Clock, EngineError, Match, Query
from bot.engine_client import EngineClient, Judged
from engine import app, config_file
from tests.support.asgi_bridge import AsgiBridge
from tests.support.wsgi_transport import WsgiTransport

LINES = "Lemons are sour\n西瓜水分很多\nFigs are sweet\n"


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory) -> Iterator[EngineClient]:
    folder: Path = tmp_path_factory.mktemp("engine")
    (folder / "fruit.txt").write_text(LINES, encoding="utf-8")
    (folder / "config.toml").write_text(
        '[engine]\ndata_dir = "data"\n[[engine.knowledge_base]]\nname = "fruit"\n'
        'source = "fruit.txt"\nrefresh = "manual"\nthreshold = 0.6\n',
        encoding="utf-8",
    )
    engine = app.build(config_file.load(folder / "config.toml", {}))
    engine.open()
    client = EngineClient("http://engine", clock=Clock(), transport=WsgiTransport(AsgiBridge(engine.web)))
    try:
        follow(client, client.refresh("fruit"))
        yield client
    finally:
        client.stop()
        engine.stop()


def follow(client: EngineClient, refresh: str) -> None:
    pause = threading.Event()
    for _ in range(600):
        refreshed = client.refresh_state("fruit", refresh)
        if refreshed is not None and refreshed.state != "running":
            break
        pause.wait(0.05)
    assert refreshed is not None
    assert (refreshed.state, refreshed.failed) == ("done", ())


def test_a_search_of_the_real_engine_passes_every_check(client: EngineClient) -> None:
    found = client.search(Query("Lemons are sour", "fruit", 0.9, 5))
    assert [(match.text, match.score) for match in found.matches] == [("Lemons are sour", 1.0)]
    assert (found.total, found.best_score, found.threshold, len(found.scores)) == (1, 1.0, 0.9, 3)


def test_the_pages_of_an_answer_follow_each_other(client: EngineClient) -> None:
    pages = [client.search(Query("fruit", "fruit", -1.0, 1, offset)).matches for offset in range(4)]
    assert [[match.rank for match in page] for page in pages] == [[1], [2], [3], []]


def test_the_real_engine_describes_itself(client: EngineClient) -> None:
    fruit = client.knowledge_base("fruit")
    assert (fruit.name, fruit.size, fruit.threshold, fruit.dimension) == ("fruit", 3, 0.6, 512)
    assert client.knowledge_bases() == (fruit,)
    assert client.ready().device == "cpu"


def test_an_entry_is_added_found_and_removed(client: EngineClient) -> None:
    added = client.add_entries("fruit", "Pears are juicy => Yes, very.\n--")
    assert ([entry.text for entry in added.added], len(added.dropped)) == (["Pears are juicy"], 1)
    assert added.refresh is not None
    follow(client, added.refresh)
    (match,) = client.search(Query("Pears are juicy", "fruit", 0.95, 5)).matches
    assert match.answer == "Yes, very."
    client.remove_entry("fruit", match.entry_id)
    follow(client, client.refresh("fruit"))
    assert client.search(Query("Pears are juicy", "fruit", 0.95, 5)).total == 0


def test_the_real_engines_refusals_are_understood(client: EngineClient) -> None:
    def code(query: Query | None, entry_id: str = "") -> str:
        with pytest.raises(EngineError) as raised:
            client.search(query) if query else client.remove_entry("fruit", entry_id)
        return raised.value.code

    first = client.search(Query("Lemons are sour", "fruit", 0.9, 1)).matches[0]
    assert code(Query("sour", "shop", 0.5, 5)) == "unknown_knowledge_base"
    assert code(Query("sour", "fruit", 7.0, 5)) == "refused"
    assert code(None, first.entry_id) == "foreign_entry"
    assert code(None, "nothing") == "unknown_entry"
    assert not client.is_away


def test_the_real_engine_weighs_inspects_and_groups(client: EngineClient) -> None:
    labels = [Judged(0.9, relevant=True, question="a"), Judged(0.2, relevant=False, question="b")]
    found = client.evaluate(labels, precision=0.05, threshold=0.1, picture="zh")
    assert (found.labels, found.relevant, found.questions) == (2, 1, 2)
    assert found.best is not None
    assert (found.best.threshold, found.best.suggested, found.best.f1) == (0.9, 0.9, 1.0)
    assert found.wanted is not None
    assert found.picture is not None
    assert found.picture.startswith(b"\x89PNG")

    seen = client.inspect("Lemons are sour", picture="en")
    assert (seen.model, seen.dimension, len(seen.values), sum(seen.counts)) == ("bundled", 512, 50, 512)
    assert seen.tokens is not None
    assert seen.picture is not None

    assert client.groups(["refund please", "西瓜水分很多", "refund, please"], 0.6) == ((0, 2), (1,))
    entry = client.entry("fruit", next(iter(client.entry_ids("fruit"))))
    assert entry is not None
    assert client.entry("fruit", "nowhere") is None
    assert (
        client.search(Query("figs", "fruit", 0.9, 1)).fingerprint
        == client.knowledge_base("fruit").fingerprint
    )


def test_a_wording_is_taught_found_and_taken_back(client: EngineClient) -> None:
    (match,) = client.search(Query("Figs are sweet", "fruit", 0.95, 5)).matches
    taught = client.teach("fruit", match.entry_id, "zebra crossing", by="Li", because="a gap")
    follow(client, taught.refresh)
    (found,) = client.search(Query("zebra crossing", "fruit", 0.95, 5, collapse=True)).matches
    assert (found.entry_id, found.wording) == (match.entry_id, "zebra crossing")
    (wording,) = client.show_entry("fruit", match.entry_id).wordings
    assert (wording.id, wording.by, wording.because) == (taught.id, "Li", "a gap")
    with pytest.raises(EngineError) as taken:
        client.teach("fruit", match.entry_id, "Lemons are sour", by="Li", because="")
    assert taken.value.code == "wording_taken"
    assert taken.value.details["text"] == "Lemons are sour"
    client.take_back("fruit", match.entry_id, taught.id)
    with pytest.raises(EngineError, match="no wording") as gone:
        client.take_back("fruit", match.entry_id, taught.id)
    assert gone.value.code == "unknown_wording"
    follow(client, client.refresh("fruit"))
    assert client.search(Query("zebra crossing", "fruit", 0.95, 5)).total == 0


def test_entries_are_found_and_changed_and_questions_tried(client: EngineClient) -> None:
    added = client.add_entries("fruit", "Plums are blue => Mostly.")
    (entry,) = added.added
    found, total = client.find_entries("fruit", "MOSTLY", limit=5)
    assert ([each.id for each in found], total) == ([entry.id], 1)
    read = client.show_entry("fruit", entry.id)
    assert client.change_entry("fruit", entry.id, hash_read=read.hash, answer="All.").answer == "All."
    with pytest.raises(EngineError) as changed:
        client.change_entry("fruit", entry.id, hash_read=read.hash, answer="None.")
    assert (changed.value.code, changed.value.details["answer"]) == ("entry_changed", "All.")
    client.remove_entry("fruit", entry.id)
    follow(client, client.refresh("fruit"))
    tried = client.try_texts(["one apple", "two pears"], "one apple", steps=["0.99"], limit=1)
    only = Match(1, "0001", "one apple", 1.0, cosine=1.0, keyword=1.0)
    assert (tried.size, tried.counts, tried.matches) == (2, (1,), (only,))
    assert client.try_knowledge_base("fruit", "Figs are sweet", steps=["-1"], limit=1).counts == (3,)
