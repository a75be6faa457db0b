"""Entries are refused, and nobody is told "ready", while the data folder is not what was opened."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import pytest

from engine.storage.data_folder import TRUSTED_SECONDS, DataFolder
from tests.faults.building import until
from tests.support.engine import RunningEngine, a_knowledge_base, an_engine, some_settings
from tests.support.small_disk import a_small_disk, fill


def take_away(data: Path) -> None:
    shutil.rmtree(data)


def move(data: Path) -> None:
    data.rename(data.with_name("elsewhere"))


def replace(data: Path) -> None:
    data.rename(data.with_name("elsewhere"))
    shutil.copytree(data.with_name("elsewhere"), data)


def empty(data: Path) -> None:
    shutil.rmtree(data / "managed")


def add(engine: RunningEngine, text: str) -> Any:
    return engine.client.post(
        "/v1/knowledge-bases/default/entries", data=text.encode(), content_type="text/plain"
    )


@pytest.mark.parametrize("happens", [take_away, move, replace, empty])
def test_what_is_written_to_a_folder_that_is_gone_is_not_acknowledged(tmp_path: Path, happens: Any) -> None:
    with an_engine(some_settings(tmp_path, a_knowledge_base(tmp_path, "apple"))) as engine:
        engine.is_settled()
        added = add(engine, "quince")
        assert (added.status_code, engine.client.get("/readyz").status_code) == (201, 200)
        engine.ended(added.get_json()["refresh"])
        happens(tmp_path / "data")
        refused, ready = add(engine, "melon"), engine.client.get("/readyz")
        assert (refused.status_code, ready.status_code) == (503, 503)
        assert refused.get_json()["error"]["code"] == "folder_unusable"
        assert str(tmp_path / "data") in ready.get_json()["reason"]
        assert engine.texts("apple") == ["apple"]


def test_a_folder_that_comes_back_is_trusted_again(tmp_path: Path) -> None:
    with an_engine(some_settings(tmp_path, a_knowledge_base(tmp_path, "apple"))) as engine:
        engine.is_settled()
        move(tmp_path / "data")
        assert add(engine, "melon").status_code == 503
        (tmp_path / "elsewhere").rename(tmp_path / "data")
        assert add(engine, "melon").status_code == 201


def test_a_disk_that_has_become_full_is_found_before_somebody_writes(tmp_path: Path) -> None:
    """REL29. Also where the folder was tried before."""
    now = [0.0]
    with a_small_disk(tmp_path / "small") as disk:
        folder = DataFolder(disk, steady=lambda: now[0])
        folder.begin()
        assert folder.problem() == ""
        fill(disk / "filler")
        now[0] += TRUSTED_SECONDS
        assert folder.problem() == f"nothing can be written to {disk}: No space left on device"
        (disk / "filler").unlink()
        now[0] += TRUSTED_SECONDS
        assert folder.problem() == ""
        assert list(disk.iterdir()) == []


def test_an_engine_on_a_full_disk_is_not_ready_takes_nothing_and_answers_on(tmp_path: Path) -> None:
    """REL29."""
    base = a_knowledge_base(tmp_path, "apple")
    with a_small_disk(tmp_path / "small") as disk, an_engine(some_settings(disk, base)) as engine:
        engine.is_settled()
        assert engine.client.get("/readyz").status_code == 200
        fill(disk / "filler")
        until(lambda: engine.client.get("/readyz").status_code == 503)
        assert add(engine, "melon").status_code == 503
        assert engine.texts("apple") == ["apple"]
        (disk / "filler").unlink()
        until(lambda: engine.client.get("/readyz").status_code == 200)
