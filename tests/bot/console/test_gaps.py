"""The page of gaps: grouped, searched, answered in several lines, pointed, dismissed and undone."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser

from tests.support.console import ANN, LIN, Visitor, a_tab, a_visitor
from tests.support.engine import a_knowledge_base
from tests.support.processes import a_free_port
from tests.support.program import Program, a_program

ROOM = "terminal:local:kitchen"
PAGE = f"/console/gaps?channel={ROOM}"
MISSED = ("buzz jazz", "jazz buzz", "pool room", "<img src=x onerror=alert(1)>")


@pytest.fixture
def program(tmp_path: Path) -> Iterator[Program]:
    address = f"127.0.0.1:{a_free_port()}"
    base = a_knowledge_base(tmp_path / "kb", "apple tart", "lemon and lime", threshold=0.95)
    keys: dict[str, Any] = {"listen": address, "public_url": f"http://{address}"}
    with a_program(tmp_path / "bot", base, with_web=True, **keys) as program:
        for question in MISSED:
            program.say(question, room="kitchen")
        yield program


def do(visitor: Visitor, once: str, **fields: str) -> str:
    gone = visitor.post("/console/do", channel=ROOM, once=once, back=PAGE, **fields)
    assert gone.status_code == 303
    return visitor.get(gone.headers["Location"]).text


def names(page: str) -> list[str]:
    return re.findall(r'data-item tabindex="-1" id="g([0-9a-f]{8})"', page)


def test_gaps_are_grouped_searched_and_shown_with_what_came_nearest(program: Program) -> None:
    lin = a_visitor(program, LIN, program.app.url)
    page = lin.get(PAGE).text
    assert "3 groups, 4 questions in the last 30 days" in page
    assert "Also asked as (1)" in page
    assert re.search(r"Came nearest \(0\.\d{4}\)", page)
    assert "apple tart" in page
    assert "<img src=x" not in page
    assert len(names(lin.get(f"{PAGE}&find=POOL").text)) == 1
    assert "Nothing holds this" in lin.get(f"{PAGE}&find=none+of+this").text


def test_a_gap_is_answered_in_lines_pointed_dismissed_and_each_is_undone(program: Program) -> None:
    lin = a_visitor(program, LIN, program.app.url)
    lin.get(PAGE)
    (first,) = names(lin.get(f"{PAGE}&find=buzz").text)
    page = do(lin, "a1", verb=f"/gaps add {first}", answer="Within:\r\n- 3 days\r\n- always")
    assert "2 groups" in page
    found, _ = program.app.engine.find_entries("default", "buzz", limit=5)
    assert [each.answer for each in found] == ["Within:\n- 3 days\n- always"]
    assert "3 groups" in do(lin, "a2", verb="/gaps undo")
    assert program.app.engine.find_entries("default", "buzz", limit=5)[1] == 0
    (pool,) = names(lin.get(f"{PAGE}&find=pool").text)
    tart = program.app.engine.find_entries("default", "apple tart", limit=1)[0][0].id
    assert "2 groups" in do(lin, "a3", verb=f"/gaps point {pool}", argument=tart)
    wordings = program.app.engine.show_entry("default", tart).wordings
    assert [each.text for each in wordings] == ["pool room"]
    assert "1 groups" in do(lin, "a4", verb=f"/gaps dismiss {first}")
    assert "2 groups" in do(lin, "a5", verb="/gaps undo")


def test_nobody_sees_the_gaps_of_another_channel(program: Program) -> None:
    ann = a_visitor(program, ANN, program.app.url)
    assert ann.get(PAGE).status_code == 404
    assert "buzz" not in ann.get("/console/gaps").text


def test_gaps_are_worked_through_by_keys_and_shut_nobody_out(chromium: Browser, program: Program) -> None:
    small: dict[str, Any] = {"viewport": {"width": 320, "height": 640}, "bypass_csp": True}
    with a_tab(chromium, program, LIN, color_scheme="dark", locale="zh-CN", **small) as tab:
        tab.open(PAGE)
        assert (tab.barriers(), tab.too_wide()) == ([], 0)
        tab.page.keyboard.press("j")
        tab.page.keyboard.press("j")
        tab.page.keyboard.press("a")
        tab.page.keyboard.type("one")
        tab.page.keyboard.press("Enter")
        tab.page.keyboard.type("two d")
        tab.page.keyboard.press("Tab")
        with tab.page.expect_navigation():
            tab.page.keyboard.press("Enter")
        assert len(tab.page.query_selector_all("[data-item]")) == 2
        tab.page.keyboard.press("j")
        with tab.page.expect_navigation():
            tab.page.keyboard.press("d")
        with tab.page.expect_navigation():
            tab.page.keyboard.press("u")
        assert len(tab.page.query_selector_all("[data-item]")) == 2
        assert (tab.barriers(), tab.too_wide()) == ([], 0)
        assert tab.complaints == []
