"""The seam of commands: a family is one folder and one row, and one more row where it has a setting."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[3]
TOY = Path(__file__).parent / "toy"
SAID = """
from pathlib import Path

from bot.config import Bot
from tests.bot.store.building import HandClock, a_store
from tests.support.responder_rig import ResponderRig

clock = HandClock()
with a_store(Path("bot.db"), clock) as store:
    desk = ResponderRig(store, clock, Bot())
    for text in ("/toy", "/toy 3", "/toy", "toy 4", "/toy 10", "/help toy", "/settings", "/threshold 0.5"):
        print(desk.say(text))
"""


def recipe() -> list[str]:
    """The files that CONTRIBUTING.md lists for a command."""
    page = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
    _, _, rest = page.partition("## A command\n")
    section, _, _ = rest.partition("\n## ")
    return re.findall(r"^- `([^`]+)`", section, re.MULTILINE)


def add_row(path: Path, before: str, row: str) -> None:
    text = path.read_text(encoding="utf-8")
    assert text.count(before) == 1
    path.write_text(text.replace(before, row + before), encoding="utf-8")


def test_a_family_with_a_setting_is_added_by_what_the_recipe_lists(tmp_path: Path) -> None:
    folder, registry, settings = recipe()
    for name in ("bot", "engine", "migrations", "tests"):
        shutil.copytree(ROOT / name, tmp_path / name, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copytree(TOY, tmp_path / folder.replace("NAME", "toy"))
    add_row(tmp_path / registry, "    overview.family(", "    toy.FAMILY,\n")
    add_row(tmp_path / registry, "    tune,\n", "    toy,\n")
    add_row(tmp_path / settings, '        "label": TEXT,\n', '        "toys": COUNT,\n')
    ran = subprocess.run(
        [sys.executable, "-c", SAID], cwd=tmp_path, capture_output=True, text=True, timeout=120, check=False
    )
    assert ran.stderr == ""
    lines = ran.stdout.splitlines()
    assert lines[:4] == ["Toys here: 0.", "Toys here: 3.", "Toys here: 3.", "Toys here: 4."]
    assert lines[4] == '/toy takes a number from 1 to 9, for example /toy 3 (got "10").'
    assert lines[5] == "/toy: how many toys there are"
    assert any(line.startswith("Toys: 4 (set in this channel), last changed by Ann on") for line in lines)
