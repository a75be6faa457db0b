"""Where a knowledge base comes from, on its page: what fails and why, refreshing, confirming, going back."""

from __future__ import annotations

import re
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser

from tests.support.console import ANN, BOB, LIN, Visitor, a_tab, a_visitor
from tests.support.engine import LETTERS, a_knowledge_base
from tests.support.processes import a_free_port
from tests.support.program import Program, a_program

PAGE = "/console/knowledge/default"
LINES = [f"{one} {letter * 3} of many" for letter in LETTERS[:20] for one in ("first",)]


@pytest.fixture
def program(tmp_path: Path) -> Iterator[Program]:
    address = f"127.0.0.1:{a_free_port()}"
    base = a_knowledge_base(tmp_path / "kb", *LINES, "...", "twice => one", "twice => two")
    keys: dict[str, Any] = {"listen": address, "public_url": f"http://{address}"}
    with a_program(tmp_path / "bot", base, with_web=True, admins=["slack:T1:U2"], **keys) as program:
        program.say("apple", room="kitchen")
        assert program.people.command("/ask", "apple").status_code == 200
        yield program


@pytest.fixture
def source(tmp_path: Path) -> Path:
    return tmp_path / "kb" / "default.txt"


def refresh(program: Program, visitor: Visitor, once: str) -> str:
    """The page after a refresh by hand has ended."""
    form = {"verb": "/refresh", "kb": "default", "channel": "terminal:local:kitchen", "once": once}
    assert visitor.post("/console/do", **form).status_code == 303
    return settled(program, visitor)


def settled(program: Program, visitor: Visitor) -> str:
    waiting = threading.Event()
    while program.app.engine.report("default").base.refreshing:
        waiting.wait(0.02)
    return visitor.get(PAGE).text


def test_what_was_left_out_and_what_contradicts_is_told_with_its_reason(program: Program) -> None:
    lin = a_visitor(program, LIN, program.app.url)
    page = lin.get(PAGE).text
    assert "<strong>default.txt</strong>" in page
    assert "21 entries from" in page
    assert "has no letter or digit" in page
    assert re.search(r"Said twice, differently: 1", page)
    assert "has another answer than" in page
    assert str(program.settings.bot.data_dir) not in page


def test_a_shrunk_source_is_held_back_until_an_admin_confirms_and_gone_back_from(
    program: Program, source: Path
) -> None:
    lin, ann = a_visitor(program, LIN, program.app.url), a_visitor(program, ANN, program.app.url)
    source.write_text("\n".join(LINES[:3]), encoding="utf-8")
    page = refresh(program, lin, "r1")
    assert "has shrunk from 21 entries to 3 and was held back" in page
    assert "21 entries of" in page
    assert f"{PAGE}/confirm" in page
    assert f"{PAGE}/confirm" not in ann.get(PAGE).text
    assert ann.post(f"{PAGE}/confirm").status_code == 404
    assert program.app.engine.knowledge_base("default").size == 21
    bob = a_visitor(program, BOB, program.app.url)
    bob.get(PAGE)
    assert bob.post(f"{PAGE}/confirm").status_code == 303
    assert 'class="warning"' not in settled(program, bob)
    assert program.app.engine.knowledge_base("default").size == 3
    assert ann.post(f"{PAGE}/rollback").status_code == 404
    assert bob.post(f"{PAGE}/rollback").status_code == 303
    assert "Gone back at" in bob.get(PAGE).text
    assert program.app.engine.knowledge_base("default").size == 21
    assert "Gone back at" not in refresh(program, lin, "r2")


def test_a_source_that_fails_says_since_when_and_what_of_it_is_served(program: Program, source: Path) -> None:
    lin = a_visitor(program, LIN, program.app.url)
    source.unlink()
    page = refresh(program, lin, "r1")
    assert str(source.parent) not in page
    assert re.search(r"default\.txt does not exist; failing since [-0-9 :]+; 21 entries of", page)


def test_without_a_snapshot_before_there_is_nothing_to_go_back_to(program: Program) -> None:
    lin = a_visitor(program, LIN, program.app.url)
    answered = lin.post(f"{PAGE}/rollback")
    assert (answered.status_code, "nothing to go back to" in answered.text) == (409, True)
    assert lin.post("/console/knowledge/none/rollback").status_code == 404
    assert lin.get(f"{PAGE}/progress").get_json() == {"running": False, "done": 0, "total": 0}


def test_a_refresh_is_seen_to_end_and_shuts_nobody_out(
    chromium: Browser, program: Program, source: Path
) -> None:
    source.unlink()
    small = {"viewport": {"width": 320, "height": 640}, "bypass_csp": True}
    with a_tab(chromium, program, LIN, **small) as tab:
        tab.open(PAGE)
        tab.page.focus("button:has-text('Refresh now')")
        with tab.page.expect_navigation():
            tab.page.keyboard.press("Enter")
        tab.page.wait_for_selector(".warning")
        assert (tab.barriers(), tab.too_wide()) == ([], 0)
        assert tab.complaints == []
