"""The seam of formats: one is a row and a reader; files, folders, addresses, chat and routes follow."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[3]
TOY = Path(__file__).parent / "toy" / "toy.py"
DOCUMENT = '    Kind("toy", (".toy",), ("text/x-toy",)),\n'
LIST = '    Kind("toys", (".toys",), ("text/x-toys",), toys, toys),\n'
READER = """

def toys(name: str, content: bytes) -> Iterator[Record | Dropped]:
    for number, line in enumerate(content.decode().split(";"), start=1):
        yield Record(f"{name}:{number}", line, "a toy")
"""
SAID = """
import json
import threading
from datetime import UTC, datetime
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from engine.app import build
from engine.config import Engine
from engine.domain import SourceError, SourceSpec
from engine.source import ManagedSource, Sources, read
from engine.source.kinds import READ
from engine.web import openapi

class Server(SimpleHTTPRequestHandler):
    extensions_map = {"": "text/x-toy"}

    def log_message(self, *given):
        pass

home = Path("kb").resolve()
said = {"read": READ, "files": [(each.text, each.answer) for each in read("kb", home.parent).entries]}
try:
    read("bad.toy", home.parent)
except SourceError as error:
    said["refused"] = error.message
server = ThreadingHTTPServer(("127.0.0.1", 0), partial(Server, directory=str(home)))
threading.Thread(target=server.serve_forever, daemon=True).start()
address = f"http://127.0.0.1:{server.server_address[1]}/page"
(home / "page").write_text("= Web\\nread")
web = Sources("kb", [SourceSpec(url=address)], Path("kept"), now=partial(datetime.now, UTC))
said["web"] = [each.text for each in web.read().entries]
server.shutdown()
added = ManagedSource(Path("managed")).add("kb", b"ball;doll", "text/x-toys")
said["posted"] = [each.text for each in added.added]
said["described"] = "text/x-toys" in json.dumps(openapi.describe(build(Engine()).web, token_needed=False))
print(json.dumps(said))
"""


def recipe() -> list[str]:
    """The files that CONTRIBUTING.md lists for a format."""
    page = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
    _, _, rest = page.partition("## A source format\n")
    section, _, _ = rest.partition("\n## ")
    return re.findall(r"^- `([^`]+)`", section, re.MULTILINE)


@pytest.fixture(scope="module")
def said(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """What a copy of the engine makes of the toys, which were added by what the recipe lists alone."""
    kinds, document, lists = recipe()
    home = tmp_path_factory.mktemp("toy")
    shutil.copytree(ROOT / "engine", home / "engine", ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(TOY, home / document.replace("NAME", "toy"))
    rows = (home / kinds).read_text(encoding="utf-8")
    rows = rows.replace("lines, read_posted, table, tabs\n", "lines, read_posted, table, tabs, toys\n")
    (home / kinds).write_text(
        rows.replace('    Kind("pdf",', f'{DOCUMENT}{LIST}    Kind("pdf",'), encoding="utf-8"
    )
    with (home / lists).open("a", encoding="utf-8") as file:
        file.write(READER)
    (home / "kb").mkdir()
    (home / "kb" / "a.toy").write_text("= Prices\ncheap\ntext|answer\nWho pays?|We do\n", encoding="utf-8")
    (home / "kb" / "b.toys").write_text("top;train", encoding="utf-8")
    (home / "bad.toy").write_text("no heading", encoding="utf-8")
    ran = subprocess.run(
        [sys.executable, "-c", SAID], cwd=home, capture_output=True, text=True, timeout=120, check=False
    )
    assert ran.stderr == ""
    found: dict[str, Any] = json.loads(ran.stdout)
    return found


def test_files_and_folders_of_the_new_formats_are_read(said: dict[str, Any]) -> None:
    assert said["files"] == [
        ["Prices\ncheap", None],
        ["Who pays?", "We do"],
        ["top", "a toy"],
        ["train", "a toy"],
    ]
    assert {".toy", ".toys"} <= set(said["read"].split(", "))


def test_what_the_reader_refuses_is_named_by_its_file(said: dict[str, Any]) -> None:
    assert said["refused"] == "bad.toy does not begin with a heading"


def test_an_address_is_read_by_its_media_type(said: dict[str, Any]) -> None:
    assert said["web"] == ["Web\nread"]


def test_a_list_may_be_posted_and_the_description_of_the_routes_says_so(said: dict[str, Any]) -> None:
    assert said["posted"] == ["ball", "doll"]
    assert said["described"]
