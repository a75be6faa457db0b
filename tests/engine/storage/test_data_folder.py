"""Entries are refused, and nobody is told "ready", while the data folder is not what was opened."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import pytest

from tests.support.engine import RunningEngine, a_knowledge_base, an_engine, some_settings


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
