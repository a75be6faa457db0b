"""The engine's own faults: its model, its snapshots, its disk, its start, and switching under load."""

from __future__ import annotations

import shutil
import subprocess
import sys
import threading
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest
import requests
from werkzeug.test import Client

from tests.faults.building import BotHome, EngineHome, until
from tests.support.engine import LetterEncoder, a_knowledge_base, an_engine, some_settings
from tests.support.forker import REPOSITORY
from tests.support.load_clients import Line
from tests.support.slack import RecordingSlack

FRUIT = ("banana", "cherry", "date", "elderberry", "fig", "grape")


def test_a_model_that_does_not_load_leaves_the_engine_alive_and_the_snapshots_alone(tmp_path: Path) -> None:
    """REL20."""

    def broken() -> LetterEncoder:
        raise OSError("the file with the weights is truncated")

    settings = some_settings(tmp_path, a_knowledge_base(tmp_path, *FRUIT))
    with an_engine(settings) as engine:
        engine.is_settled()
    before = _content(tmp_path / "data" / "snapshots")

    with an_engine(settings, broken) as engine:
        assert not engine.app.knowledge.batcher.wait_until_loaded(20)
        readiness = engine.client.get("/readyz")
        alive = engine.client.get("/healthz")

    assert (readiness.status_code, alive.status_code) == (503, 200)
    assert "truncated" in readiness.text
    assert _content(tmp_path / "data" / "snapshots") == before


def _flip_a_byte(file: str) -> Callable[[Path, Path], None]:
    def damage(newest: Path, _before: Path) -> None:
        content = bytearray((newest / file).read_bytes())
        content[len(content) // 2] ^= 1
        (newest / file).write_bytes(content)

    return damage


def _swap_vectors(newest: Path, before: Path) -> None:
    shutil.copy(before / "vectors.safetensors", newest / "vectors.safetensors")


def _drop_the_manifest(newest: Path, _before: Path) -> None:
    (newest / "manifest.json").unlink()


def _add_a_file(newest: Path, _before: Path) -> None:
    (newest / "notes.txt").write_text("hello", encoding="utf-8")


def _cut_the_vectors(newest: Path, _before: Path) -> None:
    content = (newest / "vectors.safetensors").read_bytes()
    (newest / "vectors.safetensors").write_bytes(content[:-100])


@pytest.mark.parametrize(
    "damage",
    [
        pytest.param(_flip_a_byte("manifest.json"), id="a byte of the manifest"),
        pytest.param(_flip_a_byte("entries.jsonl"), id="a byte of the entries"),
        pytest.param(_flip_a_byte("vectors.safetensors"), id="a byte of the vectors"),
        pytest.param(_cut_the_vectors, id="vectors cut short"),
        pytest.param(_swap_vectors, id="vectors of another version"),
        pytest.param(_drop_the_manifest, id="no manifest"),
        pytest.param(_add_a_file, id="an extra file"),
    ],
)
def test_a_damaged_snapshot_is_refused_and_the_one_before_is_served(
    damage: Callable[[Path, Path], None], tmp_path: Path
) -> None:
    """REL21. Ids of one version never meet vectors of another; the metric is the alarm."""
    base = a_knowledge_base(tmp_path, *FRUIT)
    settings = some_settings(tmp_path, base)
    with an_engine(settings) as engine:
        first = engine.is_settled().search("banana")["snapshot"]
        (tmp_path / "default.txt").write_text("\n".join([*FRUIT[:-1], "guava"]), encoding="utf-8")
        second = engine.refresh()["snapshot"]
    snapshots = tmp_path / "data" / "snapshots" / "default"
    damage(snapshots / second, snapshots / first)

    with an_engine(settings) as engine:
        assert engine.app.knowledge.batcher.wait_until_loaded(20)
        found = engine.search("grape", threshold=0.99)
        metrics = engine.client.get("/metrics").text

    assert found["snapshot"] == first
    assert [match["text"] for match in found["matches"]] == ["grape"]
    assert 'kbdial_engine_damaged_snapshots{knowledge_base="default"} 1.0' in metrics


def test_a_refresh_that_fills_the_disk_leaves_the_old_answers_and_no_rubbish(tmp_path: Path) -> None:
    """REL22."""
    disk = tmp_path / "small"
    disk.mkdir()
    if subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=1m", "none", str(disk)], capture_output=True, check=False
    ).returncode:
        pytest.skip("mounting a small disk takes root")
    try:
        base = a_knowledge_base(tmp_path, *FRUIT)
        with an_engine(some_settings(disk, base)) as engine:
            before = engine.is_settled().search("banana")["snapshot"]
            source = tmp_path / "default.txt"
            source.write_text("\n".join(f"banana {number} of many" for number in range(9000)))
            ended = engine.refresh()
            assert ended["state"] == "failed"
            assert engine.search("banana")["snapshot"] == before
            assert not list((disk / "data").rglob("*.partial"))
            source.write_text("\n".join([*FRUIT, "guava"]))
            assert engine.refresh()["state"] == "done"
            assert engine.texts("guava", threshold=0.99) == ["guava"]
    finally:
        subprocess.run(["umount", "-l", str(disk)], check=True)


def test_a_second_engine_on_the_same_folder_stands_back_and_says_so(tmp_path: Path) -> None:
    """REL23."""
    with an_engine(some_settings(tmp_path, a_knowledge_base(tmp_path, *FRUIT))):
        home = EngineHome(tmp_path, {"name": "default", "refresh": "manual"}, data=tmp_path / "data")
        with home.run("serve") as second:
            assert second.exit_code() == 1
    assert "another engine is running" in second.log[-1]["event"]


def test_importing_the_programs_starts_no_thread(tmp_path: Path) -> None:
    """REL23, rule 10: a thread started at import runs in every worker that a server forks."""
    script = "import threading, bot.__main__, engine.__main__; print(threading.active_count())"
    done = subprocess.run(
        [sys.executable, "-c", script], cwd=REPOSITORY, capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == "1"
    assert not list(tmp_path.iterdir())


def test_the_same_rows_in_another_order_are_not_embedded_again(tmp_path: Path) -> None:
    """REL24."""
    encoder = LetterEncoder()
    with an_engine(some_settings(tmp_path, a_knowledge_base(tmp_path, *FRUIT)), lambda: encoder) as engine:
        engine.is_settled()
        before = list(encoder.encoded)
        (tmp_path / "default.txt").write_text("\n".join(reversed(FRUIT)))
        assert engine.refresh()["state"] == "done"
    assert encoder.encoded == before


@pytest.mark.parametrize(
    "refreshes", [pytest.param(15, id="short"), pytest.param(600, id="long", marks=pytest.mark.soak)]
)
def test_every_answer_is_of_one_version_while_versions_are_switched(refreshes: int, tmp_path: Path) -> None:
    """REL25. Each version says its number in every entry, so that a mixture would show."""
    settings = some_settings(tmp_path, a_knowledge_base(tmp_path, *_version(0)))
    versions: dict[str, set[str]] = {}
    wrong: list[object] = []
    is_over = threading.Event()
    with an_engine(settings) as engine:
        engine.is_settled()

        def ask() -> None:
            client = Client(engine.wsgi)
            while not is_over.is_set():
                answered = client.post("/v1/search", json={"query": "a fruit", "threshold": -1, "limit": 99})
                if answered.status_code != 200:
                    wrong.append(answered.text)
                    continue
                found = answered.get_json()
                numbers = {match["text"].split()[-1] for match in found["matches"]}
                versions.setdefault(found["snapshot"], set()).update(numbers)

        askers = [threading.Thread(target=ask) for _ in range(3)]
        for asker in askers:
            asker.start()
        for number in range(1, refreshes + 1):
            (tmp_path / "default.txt").write_text("\n".join(_version(number)))
            assert engine.refresh()["state"] == "done"
        until(lambda: len(versions) > 1)
        is_over.set()
        for asker in askers:
            asker.join(20)
    assert wrong == []
    assert all(len(numbers) == 1 for numbers in versions.values()), versions
    assert len(list((tmp_path / "data" / "snapshots" / "default").glob("*Z-*"))) <= 2


def test_bot_and_engine_may_start_in_any_order_on_empty_folders(
    tmp_path: Path, slack: RecordingSlack
) -> None:
    """REL26. The bot first, on nothing; events are accepted at once and answered when there is an engine."""
    source = tmp_path / "fruit.txt"
    source.write_text("a banana is yellow\n", encoding="utf-8")
    base = {"name": "default", "source": str(source), "refresh": "every 15m", "threshold": 0.3}
    engine = EngineHome(tmp_path / "e", base)
    home = BotHome(tmp_path / "b", slack, engine_url=engine.url)
    with home.run("serve") as early:
        assert early.exit_code() == 1
        assert "python -m bot migrate" in early.log[-1]["event"]
    home.migrated()
    with home.start(), closing(Line(home.port)) as line:
        assert requests.get(home.url + "/readyz", timeout=5).json()["ready"] is True
        line.insist(1, "<@U0BOT> a banana is yellow")
        with engine.start():
            until(lambda: any("banana" in str(message.get("blocks")) for message in slack.posted), 60)
            assert requests.get(home.url + "/readyz", timeout=5).json()["engine"] == "ok"


def test_an_engine_without_knowledge_says_so_and_does_not_crash(tmp_path: Path) -> None:
    """REL24, REL26: an empty source is a refusal with its reason, and no empty knowledge base."""
    with an_engine(some_settings(tmp_path, a_knowledge_base(tmp_path))) as engine:
        answered = engine.is_settled().client.post("/v1/search", json={"query": "anything"})
        assert engine.client.get("/healthz").status_code == 200
    assert answered.status_code == 409
    assert "default.txt:1 is empty" in answered.text


def _version(number: int) -> list[str]:
    return [f"{fruit} {number}" for fruit in FRUIT]


def _content(folder: Path) -> dict[str, bytes]:
    return {str(path): path.read_bytes() for path in folder.rglob("*") if path.is_file()}
