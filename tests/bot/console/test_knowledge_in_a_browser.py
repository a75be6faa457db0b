"""The pages of knowledge bases in a real Chromium."""

from __future__ import annotations

from typing import Any

import pytest
from playwright.sync_api import Browser

from tests.support.console import LIN, a_tab
from tests.support.program import Program

PAGE = "/console/knowledge/default"


def test_an_entry_is_written_and_changed_by_keyboard_alone(chromium: Browser, program: Program) -> None:
    with a_tab(chromium, program, LIN) as tab:
        tab.open(PAGE)
        tab.page.focus("#text")
        tab.page.keyboard.type("Is there a bus?")
        tab.page.keyboard.press("Tab")
        tab.page.keyboard.type("Yes:")
        tab.page.keyboard.press("Enter")
        tab.page.keyboard.type("line 12.")
        tab.page.keyboard.press("Tab")
        tab.page.select_option("#add-channel", "terminal:local:kitchen")
        tab.page.keyboard.press("Tab")
        with tab.page.expect_navigation():
            tab.page.keyboard.press("Enter")
        assert "Is there a bus?" in tab.page.inner_text(".said")
        tab.page.fill("#find", "line 12")
        with tab.page.expect_navigation():
            tab.page.keyboard.press("Enter")
        with tab.page.expect_navigation():
            tab.page.click(".rows a")
        assert tab.page.input_value("#answer") == "Yes:\nline 12."
        tab.page.fill("#answer", "No.")
        tab.page.select_option("#edit-channel", "terminal:local:kitchen")
        tab.page.focus("button:has-text('Save')")
        with tab.page.expect_navigation():
            tab.page.keyboard.press("Enter")
        assert "changed" in tab.page.inner_text(".said")
        assert tab.page.input_value("#answer") == "No."
        assert tab.complaints == []


@pytest.mark.parametrize(("scheme", "locale"), [("light", "en"), ("dark", "zh-CN")])
def test_knowledge_shuts_nobody_out_on_the_smallest_screen_without_scripts(
    chromium: Browser, program: Program, scheme: Any, locale: str
) -> None:
    entries = program.app.engine.entries("default", 50).entries
    foreign = next(each.id for each in entries if each.source != "managed")
    own = program.app.engine.add_entry("default", "Is there a train?", "Yes.\nHourly.").added
    with a_tab(
        chromium,
        program,
        LIN,
        viewport={"width": 320, "height": 640},
        color_scheme=scheme,
        locale=locale,
        bypass_csp=True,
    ) as tab:
        for path in (PAGE, f"{PAGE}?find=of", "/console/knowledge/many", f"{PAGE}/entry?id={foreign}"):
            tab.open(path)
            assert (path, tab.barriers(), tab.too_wide()) == (path, [], 0)
        for entry in own:
            tab.open(f"{PAGE}/entry?id={entry.id}")
            assert (tab.barriers(), tab.too_wide()) == ([], 0)
