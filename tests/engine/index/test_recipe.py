"""The seam of indexes: one is a folder and a line, and a knowledge base answers from any as from another."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from engine.index.registry import KINDS

ROOT = Path(__file__).parents[3]
TOY = Path(__file__).parent / "toy"
LINE = re.compile(r"^(KINDS: .*)\)$", re.MULTILINE)
SAID = """
import json
from pathlib import Path

from engine.config import Engine
from tests.support.engine import A_LONG_TEXT, a_knowledge_base, an_engine, some_settings

LINES = [*(f"{number} apples or {number % 7} pears, plums and figs" for number in range(20)), A_LONG_TEXT]
QUESTIONS = ("apples", "zebra jazz quiz", "3 plums", A_LONG_TEXT[-90:])


def answers(engine):
    return [
        engine.search(question, threshold=threshold, limit=50)["matches"]
        for question in QUESTIONS
        for threshold in (0.0, 0.5, 0.9)
    ]


def a_life(index):
    "All answers of an engine that is asked, refreshed and rolled back."
    folder = Path(index["kind"])
    settings = some_settings(folder, a_knowledge_base(folder, *LINES), index=index)
    with an_engine(settings) as engine:
        engine.is_settled()
        first = answers(engine)
        (folder / "default.txt").write_text("\\n".join(["a plum", *LINES[1:]]), encoding="utf-8")
        done = engine.refresh()
        second = answers(engine)
        assert engine.client.post("/v1/knowledge-bases/default/rollback").status_code == 200
        return [first, done["state"], done["embedded"], second, answers(engine)]


def refused(**keys):
    try:
        Engine(**keys)
    except ValueError as error:
        return [each["msg"] for each in error.errors()]


print(json.dumps({
    "local": a_life({"kind": "local"}),
    "toy": a_life({"kind": "toy", "folder": "rows"}),
    "files": sorted(path.name.rpartition("-")[2] for path in Path("rows/default").iterdir()),
    "stored": sorted({path.name for path in Path("toy/data/snapshots").rglob("*.safetensors")}),
    "unknown": refused(index={"kind": "ghost"}),
    "incomplete": refused(index={"kind": "toy"}),
    "scoring": refused(
        index={"kind": "toy", "folder": "rows"}, knowledge_base=[{"name": "desk", "scoring": "auto"}]
    ),
}))
"""


def recipe() -> list[str]:
    """The files that CONTRIBUTING.md lists for an index."""
    page = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
    _, _, rest = page.partition("## An index\n")
    section, _, _ = rest.partition("\n## ")
    return re.findall(r"^- `([^`]+)`", section, re.MULTILINE)


@pytest.fixture(scope="module")
def said(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """What a copy of the engine makes of the toy, which was added by what the recipe lists alone."""
    folder, registry, rig = recipe()
    home = tmp_path_factory.mktemp("toy")
    for name in ("engine", "tests/support"):
        shutil.copytree(ROOT / name, home / name, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copytree(TOY, home / folder.replace("NAME", "toy"), ignore=shutil.ignore_patterns("rig.py"))
    assert (ROOT / rig.replace("NAME", "toy")).is_file()
    rows = (home / registry).read_text(encoding="utf-8")
    rows = LINE.sub(r"\1, toy.KIND)", rows)
    rows = rows.replace(
        "import index as scan\n", "import index as scan\nfrom engine.index.toy import index as toy\n"
    )
    (home / registry).write_text(rows, encoding="utf-8")
    ran = subprocess.run(
        [sys.executable, "-c", SAID], cwd=home, capture_output=True, text=True, timeout=120, check=False
    )
    assert ran.returncode == 0, ran.stderr  # that it was rolled back is a warning
    found: dict[str, Any] = json.loads(ran.stdout)
    return found


def test_a_knowledge_base_answers_from_the_new_index_as_from_the_local_one(said: dict[str, Any]) -> None:
    """To the last digit; what did not change is not embedded again."""
    assert said["toy"] == said["local"]
    assert any(said["toy"][0])


def test_the_vectors_are_where_the_new_index_keeps_them(said: dict[str, Any]) -> None:
    assert said["files"] == ["entries.npy", "entries.npy", "passages.npy", "passages.npy"]
    assert said["stored"] == ["passages1.safetensors", "search.safetensors"]


def test_its_settings_are_read_and_what_it_cannot_promise_is_refused(said: dict[str, Any]) -> None:
    names = ", ".join(f'"{kind.name}"' for kind in KINDS)
    assert said["unknown"] == [f'Value error, there is no index "ghost", only {names}, "toy"']
    assert said["incomplete"] == ["Field required"]
    [refused] = said["scoring"]
    assert '"desk" is scored by "auto", which the index "toy" cannot promise, only by cosine' in refused
