"""The seam of the console: a page is its routes, its template and its words, and a row in three lists."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[3]
TOY = Path(__file__).parent / "toy"
CHANNEL = "slack:T1:C1"
SAID = f"""
import json
from pathlib import Path

from tests.bot.console.test_routes import FILES, MATRIX, routes_of
from tests.support.console import ANN, EVE, a_visitor
from tests.support.engine import a_knowledge_base
from tests.support.program import a_program

base = a_knowledge_base(Path("kb"), "apple")
keys = {{"public_url": "http://127.0.0.1:8000", "settings_open_to": "everyone"}}
with a_program(Path("bot-home"), base, with_web=True, listen="127.0.0.1:0", **keys) as program:
    program.people.command("/ask", "apple")
    path, _, statuses = MATRIX["GET", "/console/toy"]
    ann, eve = a_visitor(program, ANN), a_visitor(program, EVE)
    before = ann.get(path)
    changed = ann.post("/console/do", verb="/limit", argument="7", channel="{CHANNEL}", once="x", back=path)
    after = ann.get(changed.headers["Location"], **{{"Accept-Language": "zh"}})
    print(json.dumps({{
        "rows": sorted(routes_of(program) - {{FILES}}) == sorted(MATRIX),
        "member": [before.status_code, statuses["member"]],
        "elsewhere": [eve.get(path).status_code, statuses["elsewhere"]],
        "pages": [before.text, after.text],
        "changed": changed.status_code,
    }}))
"""


def recipe() -> list[str]:
    """The files that CONTRIBUTING.md lists for a page of the console."""
    page = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
    _, _, rest = page.partition("## A page of the console\n")
    section, _, _ = rest.partition("\n## ")
    return re.findall(r"^- `([^`]+)`", section, re.MULTILINE)


def add_row(path: Path, before: str, row: str) -> None:
    text = path.read_text(encoding="utf-8")
    assert text.count(before) == 1
    path.write_text(text.replace(before, row + before), encoding="utf-8")


def test_a_page_is_added_by_what_the_recipe_lists(tmp_path: Path) -> None:
    """It reads by the read model, and what it changes is a command of the person who is signed in."""
    page, template, words, pages, all_words, matrix = recipe()
    for name in ("bot", "engine", "migrations", "tests/support", "tests/bot/console"):
        shutil.copytree(ROOT / name, tmp_path / name, ignore=shutil.ignore_patterns("__pycache__"))
    for source, copy in (("page.py", page), ("toy.html", template), ("words.py", words)):
        shutil.copy(TOY / source, tmp_path / copy.replace("NAME", "toy"))
    add_row(tmp_path / pages, "    vectors,\n    week,\n)\nfrom", "    toy,\n")
    add_row(tmp_path / pages, "    week,\n    operators,\n)", "    toy,\n")
    add_row(tmp_path / all_words, "    vectors,\n    week,\n)\nfrom", "    toy,\n")
    add_row(tmp_path / all_words, "    week.WORDS,\n", "    toy.WORDS,\n")
    row = f'    ("GET", "/console/toy"): ("/console/toy?channel={CHANNEL}", {{}}, OF_CHANNEL),\n'
    add_row(tmp_path / matrix, "    # These end the login, so they come last.\n", row)
    ran = subprocess.run(
        [sys.executable, "-c", SAID], cwd=tmp_path, capture_output=True, text=True, timeout=120, check=False
    )
    assert ran.stderr == ""
    said: dict[str, Any] = json.loads(ran.stdout)
    assert said["rows"]
    assert (said["member"], said["elsewhere"], said["changed"]) == ([200, 200], [404, 404], 303)
    before, after = said["pages"]
    assert ">Toys<" in before
    assert "Rows in an answer: –" in before
    assert ">玩具<" in after
    assert "每次回答 7 行" in after
