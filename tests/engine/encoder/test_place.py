from __future__ import annotations

import threading
from pathlib import Path

import pytest

from engine.config import Model
from engine.encoder.place import fetched_into, growth_told
from tests.support.engine import WAIT_SECONDS


def test_what_arrives_is_told_while_it_arrives(tmp_path: Path) -> None:
    folder, heard, has_grown = tmp_path / "not" / "there" / "yet", list[int](), threading.Event()

    def tell(held: int) -> None:
        heard.append(held)
        has_grown.set()

    (tmp_path / "old").write_bytes(b"x" * 100)
    with growth_told(folder, tell, every_seconds=0.001):
        folder.mkdir(parents=True)
        (folder / "weights.incomplete").write_bytes(b"x" * 10)
        (folder / "link").symlink_to(folder / "weights.incomplete")
        assert has_grown.wait(WAIT_SECONDS)
        assert heard == [10]
        has_grown.clear()
        with (folder / "weights.incomplete").open("ab") as file:
            file.write(b"x" * 5)
        assert has_grown.wait(WAIT_SECONDS)
    assert heard == [10, 15]


def test_files_of_a_hub_come_into_its_cache() -> None:
    pytest.importorskip("huggingface_hub", reason="needs the extra gpu")
    folder = fetched_into(Model(name="Qwen/Qwen3-Embedding-4B"))
    assert folder.name == "models--Qwen--Qwen3-Embedding-4B"
