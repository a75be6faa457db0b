from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from engine import app
from engine.cli import commands
from engine.domain import CannotReach, EngineError, FolderUnusable, SnapshotBehind, SnapshotDamaged
from tests.faults.building import until
from tests.support.engine import MIDDAY, LetterEncoder, RunningEngine, a_snapshot, an_engine
from tests.support.following import TOKEN, Following, Publishing, a_follower, a_publisher, follower_settings
from tests.support.relay import Relay, Weather
from tests.support.small_disk import a_small_disk, fill

AUTHORISED = {"Authorization": f"Bearer {TOKEN}"}
ONE = "/v1/knowledge-bases/default"
WRITES = [
    ("POST", "/refresh"),
    ("POST", "/rollback"),
    ("POST", "/entries"),
    ("DELETE", "/entries/1"),
    ("PUT", "/entries/1"),
    ("POST", "/entries/1/wordings"),
    ("DELETE", "/entries/1/wordings/2"),
]


@pytest.fixture
def publishing(tmp_path: Path) -> Iterator[Publishing]:
    with a_publisher(tmp_path, "apple", "pear") as publishing:
        yield publishing


def error_of(answer: Any) -> tuple[int, str]:
    return answer.status_code, answer.get_json()["error"]["code"]


def has_a_snapshot(engine: RunningEngine) -> RunningEngine:
    engine.headers = AUTHORISED
    until(lambda: engine.client.get("/readyz").status_code == 200)
    return engine


def test_a_follower_answers_as_its_publisher_does(publishing: Publishing, tmp_path: Path) -> None:
    with an_engine(follower_settings(tmp_path / "f", publishing)) as engine:
        here, there = has_a_snapshot(engine).search("apple"), publishing.engine.search("apple")
    assert {**here, "took_ms": 0} == {**there, "took_ms": 0}
    assert here["matches"]


def test_what_is_published_is_seen_by_a_follower(publishing: Publishing, tmp_path: Path) -> None:
    with an_engine(follower_settings(tmp_path / "f", publishing)) as engine:
        has_a_snapshot(engine)
        published = publishing.publish("apple", "plum")
        until(lambda: engine.texts("plum") == ["plum"])
        found = engine.search("plum")
    assert (found["snapshot"], found["snapshot_number"], found["snapshot_at"]) == (
        published["snapshot"],
        published["snapshot_number"],
        published["snapshot_at"],
    )


def test_a_follower_shows_every_entry_added_ones_included(publishing: Publishing, tmp_path: Path) -> None:
    client = publishing.engine.client
    text = {**AUTHORISED, "Content-Type": "text/plain"}
    added = client.post(f"{ONE}/entries", data="quince", headers=text).get_json()
    publishing.engine.ended(added["refresh"])
    with an_engine(follower_settings(tmp_path / "f", publishing)) as engine:
        has_a_snapshot(engine)
        listed = engine.client.get(f"{ONE}/entries", headers=AUTHORISED).get_json()
        found = engine.client.get(f"{ONE}/entries?find=quince", headers=AUTHORISED).get_json()
        shown = engine.client.get(f"{ONE}/entries/{found['entries'][0]['id']}", headers=AUTHORISED)
    assert sorted(each["text"] for each in listed["entries"]) == ["apple", "pear", "quince"]
    assert (listed["total"], found["total"], shown.status_code) == (3, 1, 200)


def test_the_check_of_a_follower_asks_its_publisher(
    publishing: Publishing, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    settings = follower_settings(tmp_path / "f", publishing)
    edges = app.Edges(load_encoder=lambda _model: LetterEncoder())
    assert commands.check(settings, None, edges) == 0
    assert f"snapshot {publishing.describe()['snapshot']} at {publishing.url}" in capsys.readouterr().out
    publishing.engine.app.server.stop()
    assert commands.check(settings, None, edges) == 1


def test_a_follower_begins_again_with_what_it_had_while_its_publisher_is_away(
    publishing: Publishing, tmp_path: Path
) -> None:
    settings = follower_settings(tmp_path / "f", publishing)
    with an_engine(settings) as engine:
        before = has_a_snapshot(engine).search("apple")
    url = publishing.url
    publishing.engine.app.server.stop()
    with an_engine(settings) as engine:
        again = has_a_snapshot(engine).search("apple")
        until(lambda: engine.client.get("/readyz").get_json()["warnings"])
        (warning,) = engine.client.get("/readyz").get_json()["warnings"]
        assert warning == (
            f'"default": the publisher at {url} does not answer: nothing listens there (Connection refused)'
        )
    assert (again["snapshot"], again["snapshot_number"]) == (before["snapshot"], before["snapshot_number"])


def test_a_follower_without_a_snapshot_is_not_ready_and_says_why(
    publishing: Publishing, tmp_path: Path
) -> None:
    publishing.engine.app.server.stop()
    with an_engine(follower_settings(tmp_path / "f", publishing, follow="http://127.0.0.1:9")) as engine:
        assert engine.app.knowledge.batcher.wait_until_loaded(20)
        until(lambda: "does not answer" in engine.client.get("/readyz").text)
        answer = engine.client.get("/readyz")
    assert answer.status_code == 503


def test_a_follower_of_a_publisher_without_a_snapshot_is_not_ready(tmp_path: Path) -> None:
    with (
        a_publisher(tmp_path) as publishing,
        an_engine(follower_settings(tmp_path / "f", publishing)) as engine,
    ):
        assert engine.app.knowledge.batcher.wait_until_loaded(20)
        until(lambda: engine.client.get("/readyz").status_code == 503)
        assert engine.app.knowledge.follower is not None
        assert not engine.app.knowledge.follower.look("default")
        assert "no snapshot of" in engine.client.get("/readyz").text
        publishing.publish("apple")
        assert has_a_snapshot(engine).texts("apple") == ["apple"]


def test_a_follower_that_is_too_old_is_not_ready(publishing: Publishing, tmp_path: Path) -> None:
    with an_engine(follower_settings(tmp_path / "f", publishing, max_lag=0.2)) as engine:
        has_a_snapshot(engine)
        publishing.engine.app.server.stop()
        until(lambda: engine.client.get("/readyz").status_code == 503)
        reason = engine.client.get("/readyz").get_json()["reason"]
        still = engine.texts("apple")
    assert "was last the same as at" in reason
    assert still == ["apple"]


def test_writes_are_refused_and_name_the_publisher(publishing: Publishing, tmp_path: Path) -> None:
    with an_engine(follower_settings(tmp_path / "f", publishing)) as engine:
        answers = [
            engine.client.open(f"{ONE}{path}", method=method, headers=AUTHORISED) for method, path in WRITES
        ]
    assert [error_of(each) for each in answers] == [(409, "read_only")] * len(WRITES)
    assert [each.get_json()["error"]["details"] for each in answers] == [{"publisher": publishing.url}] * len(
        WRITES
    )


def test_every_route_that_changes_something_is_among_those_refused(publishing: Publishing) -> None:
    document = publishing.engine.client.get("/openapi.json").get_json()
    changing = {
        (method.upper(), path)
        for path, operations in document["paths"].items()
        for method in operations
        if "/knowledge-bases/" in path and method != "get"
    }
    assert len(changing) == len(WRITES)


def test_torn_downloads_change_nothing_and_go_on_from_where_they_ended(
    publishing: Publishing, tmp_path: Path
) -> None:
    words = [f"word{number}" for number in range(2_000)]
    with (
        Relay(publishing.port) as relay,
        a_follower(tmp_path / "f", f"http://127.0.0.1:{relay.port}", publishing.base) as following,
    ):
        following.look()
        published = publishing.publish(*words)
        relay.weather = Weather(tears_after=150_000)  # less than the largest file, more than a piece
        torn = [each for each in range(50) if _is_torn(following)]
        served = following.snapshots.current
    assert len(torn) > 1
    assert served is not None
    assert served.id == published["snapshot"]
    assert following.texts() == sorted(words)


def _is_torn(following: Following) -> bool:
    """Look once; whether the answer ended too soon. What was served is served still, then."""
    before = following.texts()
    try:
        following.look()
    except CannotReach:
        assert following.texts() == before
        return True
    return False


@pytest.mark.parametrize("file", ["entries.jsonl", "vectors.safetensors", "manifest.json"])
def test_altered_bytes_are_never_served_and_fetched_anew(
    file: str, publishing: Publishing, tmp_path: Path
) -> None:
    with a_follower(tmp_path / "f", publishing.url, publishing.base) as following:
        following.look()
        published = publishing.publish("apple", "plum")
        folder = following.snapshots.incoming(published["snapshot"])
        assert folder is not None
        (folder / file).write_bytes(b"altered on the way")  # what follows it is fetched
        with pytest.raises(SnapshotDamaged):
            following.look()
        refused = following.texts()
        assert following.look()
    assert (refused, following.texts()) == (["apple", "pear"], ["apple", "plum"])
    assert following.states == ["done", "failed", "done"]


def test_an_older_snapshot_is_never_taken(publishing: Publishing, tmp_path: Path) -> None:
    with a_follower(tmp_path / "f", publishing.url, publishing.base) as following:
        later = a_snapshot("from after the backup", id="later")
        following.snapshots.publish(type(later)(**{**vars(later), "created": MIDDAY + timedelta(days=1)}))
        with pytest.raises(SnapshotBehind, match="older than what it served before"):
            following.look()
    assert following.texts() == ["from after the backup"]


def test_a_rollback_is_followed_without_fetching_anything(publishing: Publishing, tmp_path: Path) -> None:
    with a_follower(tmp_path / "f", publishing.url, publishing.base) as following:
        following.look()
        first = following.snapshots.current
        publishing.publish("apple", "plum")
        following.look()
        second = following.snapshots.current
        publishing.engine.client.post(f"{ONE}/rollback", headers=AUTHORISED)
        following.look()
        third = following.snapshots.current
    assert first is not None
    assert second is not None
    assert third is not None
    assert (third.id, following.states) == (first.id, ["done", "done"])
    assert first.number < second.number < third.number


def test_a_follower_says_when_the_sources_were_last_asked(publishing: Publishing, tmp_path: Path) -> None:
    with a_follower(tmp_path / "f", publishing.url, publishing.base) as following:
        following.look()
        asked = publishing.publish("apple", "pear")  # the same again
        assert following.look()
        assert not following.look()
        held = following.snapshots.current
    assert held is not None
    assert held.checked_at.isoformat().replace("+00:00", "Z") == asked["snapshot_at"]


def test_another_model_is_refused(publishing: Publishing, tmp_path: Path) -> None:
    def other() -> LetterEncoder:
        return LetterEncoder(name="other")

    with a_follower(tmp_path / "f", publishing.url, publishing.base, encoder=other) as following:
        with pytest.raises(EngineError, match=r"\[engine.model\] must be the same"):
            following.look()
        assert following.texts() == []


@pytest.mark.parametrize("keys", [{"scoring": "either"}, {"threshold": 0.1}])
def test_other_settings_of_a_knowledge_base_are_refused(
    keys: dict[str, Any], publishing: Publishing, tmp_path: Path
) -> None:
    base = publishing.base.model_copy(update=keys)
    with (
        a_follower(tmp_path / "f", publishing.url, base) as following,
        pytest.raises(EngineError, match="must be the same"),
    ):
        following.look()


def test_a_full_disk_costs_a_follower_nothing_but_the_news(publishing: Publishing, tmp_path: Path) -> None:
    with (
        a_small_disk(tmp_path / "disk") as disk,
        a_follower(disk / "f", publishing.url, publishing.base) as following,
    ):
        following.look()
        publishing.publish("apple", "plum")
        fill(disk / "filler")
        with pytest.raises(FolderUnusable):
            following.look()
        full = following.texts()
        (disk / "filler").unlink()
        assert following.look()
        assert (full, following.texts()) == (["apple", "pear"], ["apple", "plum"])


def test_nobody_without_the_token_gets_a_snapshot(publishing: Publishing, tmp_path: Path) -> None:
    client = publishing.engine.client
    file = f"{ONE}/snapshots/{publishing.describe()['snapshot']}/entries.jsonl"
    assert [client.get(path).status_code for path in (f"{ONE}/snapshots/current", file)] == [401, 401]
    with a_publisher(tmp_path / "open", "apple", token="") as open_to_all:
        client = open_to_all.engine.client
        file = f"{ONE}/snapshots/{open_to_all.describe()['snapshot']}/entries.jsonl"
        refused = [error_of(client.get(path)) for path in (f"{ONE}/snapshots/current", file)]
    assert refused == [(403, "forbidden")] * 2


@pytest.mark.parametrize("file", ["../current.json", "..%2Fcurrent.json", "nothing.jsonl", "lock"])
def test_nothing_but_the_files_of_a_snapshot_is_given(file: str, publishing: Publishing) -> None:
    path = f"{ONE}/snapshots/{publishing.describe()['snapshot']}/{file}"
    assert publishing.engine.client.get(path, headers=AUTHORISED).status_code in {404, 410}


def test_a_file_is_given_from_any_byte_on(publishing: Publishing) -> None:
    publication = publishing.engine.client.get(f"{ONE}/snapshots/current", headers=AUTHORISED).get_json()
    path = f"{ONE}/snapshots/{publication['snapshot']}/entries.jsonl"
    whole = publishing.engine.client.get(path, headers=AUTHORISED)
    rest = publishing.engine.client.get(path, headers={**AUTHORISED, "Range": "bytes=10-"})
    assert (whole.status_code, len(whole.data)) == (200, publication["files"]["entries.jsonl"]["bytes"])
    assert (rest.status_code, rest.data) == (206, whole.data[10:])
    assert rest.headers["Content-Range"] == f"bytes 10-{len(whole.data) - 1}/{len(whole.data)}"


def test_an_engine_refuses_what_wants_a_later_snapshot_than_it_has(publishing: Publishing) -> None:
    number = publishing.describe()["snapshot_number"]
    engine = publishing.engine
    assert engine.search("apple", min_snapshot=number)["snapshot_number"] == number
    body = json.dumps({"query": "apple", "min_snapshot": number + 1})
    refused = engine.client.post("/v1/search", data=body, content_type="application/json", headers=AUTHORISED)
    assert error_of(refused) == (409, "snapshot_behind")


def test_a_page_of_the_snapshot_that_is_served_is_given_whatever_else_was_seen(
    publishing: Publishing,
) -> None:
    served = publishing.describe()
    found = publishing.engine.search(
        "apple", snapshot=served["snapshot"], min_snapshot=served["snapshot_number"] + 1
    )
    assert found["snapshot"] == served["snapshot"]


def test_numbers_grow_although_the_clock_goes_back(tmp_path: Path) -> None:
    with a_publisher(tmp_path, "apple") as publishing:
        first = publishing.describe()["snapshot_number"]
        second = publishing.publish("pear")["snapshot_number"]
        snapshots = publishing.engine.app.knowledge.snapshot_stores["default"]
        early = a_snapshot("plum", id="early")
        snapshots.publish(type(early)(**{**vars(early), "created": MIDDAY - timedelta(days=400)}))
        third = publishing.describe()["snapshot_number"]
    assert first < second < third
