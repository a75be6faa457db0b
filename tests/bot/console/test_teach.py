"""The page of teaching: what votes would teach, taken, refused, taught by hand and taken back."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser

from tests.support.console import ANN, EVE, LIN, Visitor, a_tab, a_visitor
from tests.support.engine import a_knowledge_base
from tests.support.processes import a_free_port
from tests.support.program import Program, a_program

ROOM = "terminal:local:kitchen"
PAGE = f"/console/teach?channel={ROOM}"


@pytest.fixture
def program(tmp_path: Path) -> Iterator[Program]:
    """Lin found two entries helpful for other words."""
    address = f"127.0.0.1:{a_free_port()}"
    base = a_knowledge_base(tmp_path / "kb", "apple tart", "lemon and lime", "<b>fig</b>", threshold=0.3)
    keys: dict[str, Any] = {"listen": address, "public_url": f"http://{address}"}
    with a_program(tmp_path / "bot", base, with_web=True, **keys) as program:
        lin = a_visitor(program, LIN, program.app.url)
        for once, question in (("1", "apple pie"), ("2", "lime <img src=x>")):
            program.say(question, room="kitchen")
            query = {"kb": "default", "q": question, "t": "0.10"}
            page = lin.client.get("/console/dial", query_string=query, base_url=lin.origin).text
            (answer,) = re.findall(r'name="answer" value="([^"]+)"', page)
            entry = re.findall(r'name="right" value="(1 [^"]+)"', page)[0]
            lin.get("/console/logins")
            lin.post("/console/mark", channel=ROOM, answer=answer, right=entry, once=once)
        yield program


def do(visitor: Visitor, once: str, **fields: str) -> str:
    gone = visitor.post("/console/do", channel=ROOM, once=once, back=PAGE, **fields)
    assert gone.status_code == 303
    return visitor.get(gone.headers["Location"]).text


def test_what_votes_would_teach_is_listed_taken_refused_and_undone(program: Program) -> None:
    lin = a_visitor(program, LIN, program.app.url)
    page = lin.get(PAGE).text
    assert "2 wait" in page
    assert "Teach “apple pie” to" in page
    assert "found helpful by lin" in page
    assert "<img src=x" not in page
    numbers = re.findall(r'value="(\d+)" data-key="t"', page)
    taught = do(lin, "t1", verb="/teach", argument=numbers[0])
    assert "1 wait" in taught
    assert "taught" in taught
    found = program.app.engine.find_entries("default", "apple pie", limit=5)[0]
    assert [each.text for each in found] == ["apple tart"]
    assert "Nothing waits" in do(lin, "t2", verb="/teach no", argument=numbers[1])
    assert "undone" in do(lin, "t3", verb="/teach undo")
    entry = found[0].id
    assert program.app.engine.show_entry("default", entry).wordings == ()
    assert "taught" in do(lin, "t4", verb="/teach", argument=entry, answer="a cake of apples")


def test_nobody_sees_what_another_channel_would_teach(program: Program) -> None:
    for person in (ANN, EVE):
        other = a_visitor(program, person, program.app.url)
        assert other.get(PAGE).status_code == 404
        assert "apple pie" not in other.get("/console/teach").text


def test_teaching_goes_by_keys_and_shuts_nobody_out(chromium: Browser, program: Program) -> None:
    small: dict[str, Any] = {"viewport": {"width": 320, "height": 640}, "bypass_csp": True}
    with a_tab(chromium, program, LIN, color_scheme="dark", **small) as tab:
        tab.open(PAGE)
        assert (tab.barriers(), tab.too_wide()) == ([], 0)
        tab.page.keyboard.press("j")
        with tab.page.expect_navigation():
            tab.page.keyboard.press("t")
        assert "1 wait" in tab.page.inner_text("#waiting-title")
        tab.page.keyboard.press("j")
        with tab.page.expect_navigation():
            tab.page.keyboard.press("n")
        with tab.page.expect_navigation():
            tab.page.keyboard.press("u")
        assert "apple" in tab.page.inner_text(".said")
        assert (tab.barriers(), tab.too_wide()) == ([], 0)
        assert tab.complaints == []
