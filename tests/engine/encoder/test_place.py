from __future__ import annotations

import threading
from pathlib import Path

import pytest

from engine.config import Model
from engine.domain import EncoderFailed
from engine.encoder.place import fetched_into, growth_told, place
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


def not_there(name: str) -> None:
    raise LookupError(f"404: {name}")


@pytest.mark.parametrize(
    ("name", "says"),
    [
        ("bundeld", 'did you mean "bundled"'),
        ("Bundle", 'did you mean "bundled"'),
        ("./models/qwen", 'there is no folder "./models/qwen"'),
        ("/srv/models/qwen", "there is no folder"),
        ("Qwen/Qwen3-Embeding-4B", "the hub does not give it: 404: Qwen/Qwen3-Embeding-4B"),
        ("all-MiniML-L6-v2", "404: sentence-transformers/all-MiniML-L6-v2"),
    ],
)
def test_a_mistyped_name_is_found_out_before_anything_is_loaded(name: str, says: str) -> None:
    pytest.importorskip("huggingface_hub", reason="needs the extra gpu")
    with pytest.raises(EncoderFailed, match=says):
        place(Model(name=name), not_there)


def test_a_folder_and_a_name_that_the_hub_knows_are_taken(tmp_path: Path) -> None:
    pytest.importorskip("huggingface_hub", reason="needs the extra gpu")
    assert place(Model(name=str(tmp_path)), not_there) == str(tmp_path)
    asked: list[str] = []
    assert place(Model(name="owner/never-fetched"), asked.append) == "owner/never-fetched"
    assert asked == ["owner/never-fetched"]
