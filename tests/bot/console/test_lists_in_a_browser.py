"""The pasted list, the batch and the marks in a real Chromium."""

from __future__ import annotations

from playwright.sync_api import Browser

from tests.support.console import LIN, Tab, a_tab
from tests.support.program import Program


def _paste(tab: Tab) -> None:
    tab.open("/console/dial/list")
    tab.page.fill("#texts", "apple\napple pie\nlemon\n...")
    tab.page.fill("#q", "apple")
    with tab.page.expect_navigation():
        tab.page.keyboard.press("Enter")


def test_a_pasted_list_slides_without_asking_and_gives_its_table_and_answers_again(
    chromium: Browser, program: Program
) -> None:
    with a_tab(chromium, program, LIN) as tab:
        _paste(tab)
        tab.page.wait_for_load_state("networkidle")
        asked = len(tab.requests)
        tab.page.focus("#t")
        tab.page.keyboard.press("End")
        assert tab.page.inner_text("#count").startswith("2 of 3 entries at 0.90")
        assert len(tab.requests) == asked
        with tab.page.expect_download() as download:
            tab.page.click("text=CSV")
        assert download.value.suggested_filename == "matches.csv"
        with tab.page.expect_navigation():
            tab.page.click("#ask button.primary")
        assert tab.page.inner_text("#count").startswith("2 of 3 entries at 0.90")
        assert tab.complaints == []


def test_a_match_is_marked_by_keyboard_and_the_page_comes_back_to_it(
    chromium: Browser, program: Program
) -> None:
    with a_tab(chromium, program, LIN) as tab:
        tab.open("/console/dial?kb=default&q=apple&t=0.10")
        tab.page.focus("#m2 button[name=wrong]")
        with tab.page.expect_navigation():
            tab.page.keyboard.press("Enter")
        assert tab.page.url.endswith("#m2")
        assert "marked wrong" in tab.page.inner_text("#m2")
        assert tab.page.get_attribute("#m2 button[name=wrong]", "aria-pressed") == "true"
        assert tab.complaints == []


def test_the_list_and_the_batch_shut_nobody_out_on_the_smallest_screen(
    chromium: Browser, program: Program
) -> None:
    small = {"viewport": {"width": 320, "height": 640}, "color_scheme": "light", "bypass_csp": True}
    with a_tab(chromium, program, LIN, **small) as tab:
        _paste(tab)
        assert (tab.barriers(), tab.barriers_in_the_dark(), tab.too_wide()) == ([], [], 0)
        tab.open("/console/dial/batch")
        tab.page.fill("#questions", f"apple\n{'long ' * 40}\nzzz")
        with tab.page.expect_navigation():
            tab.page.click("#batch button.primary")
        assert (tab.barriers(), tab.barriers_in_the_dark(), tab.too_wide()) == ([], [], 0)
