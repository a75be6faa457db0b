"""The console in a real Chromium: sliding, keys, no script, colours, small screens."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser

from bot.console import trial
from bot.console.trial import STEPS
from tests.support.console import LIN, Tab, a_tab
from tests.support.program import Program

DIAL = "/console/dial?kb=default&q=apple&t=0.40"
PAGES = (
    "/console/dial",
    DIAL,
    "/console/dial?kb=many&q=abc&t=0.10&compare=1&u=0.60",
    "/console/dial/rest?kb=many&q=abc&t=0.10&from=500",
    "/console/vectors?text=apple",
    "/console/dial/list",
    "/console/dial/batch",
    "/console/channels",
    "/console/channel?channel=terminal:local:kitchen",
    "/console/calibrate?channel=terminal:local:kitchen",
    "/console/calibrate?channel=terminal:local:tasting&precision=0.80",
    "/console/questions",
    "/console/week",
    "/console/week?days=28",
    "/console/operators",
    "/console/label?channel=terminal:local:kitchen",
    "/console/review?channel=terminal:local:tasting&state=observed",
    "/console/logins",
    "/console/none",
)


@pytest.fixture
def tab(chromium: Browser, program: Program) -> Iterator[Tab]:
    with a_tab(chromium, program, LIN) as tab:
        yield tab
        assert tab.complaints == []


def heading(tab: Tab) -> str:
    return tab.page.inner_text("#count")


def seen(tab: Tab) -> list[float]:
    return [
        float(item.get_attribute("data-score") or "nan")
        for item in tab.page.query_selector_all("#matches > li:not([hidden])")
    ]


def test_sliding_asks_nothing_and_shows_at_each_step_what_the_engine_finds(
    tab: Tab, program: Program
) -> None:
    tab.open("/console/dial?kb=default&q=apple&t=0.10")
    found = trial.search(program.app.engine, "apple", "default", 9, 0.0)
    tab.page.wait_for_load_state("networkidle")
    asked = len(tab.requests)
    tab.page.focus("#t")
    for at, step in enumerate(STEPS):
        if at:
            tab.page.keyboard.press("ArrowRight")
        assert tab.page.inner_text("#t-value") == step
        assert heading(tab).startswith(f"{found.count_at(step)} of 9 entries at {step}")
        assert seen(tab) == [row.match.score for row in found.rows if row.match.score >= float(step)]
        assert tab.page.is_visible("#none") == (found.count_at(step) == 0)
        assert f"{step}, {found.count_at(step)} entries" == tab.page.get_attribute("#t", "aria-valuetext")
        assert tab.page.input_value(".tools [name=t]") == step
    assert len(tab.requests) == asked


def test_two_thresholds_stand_side_by_side(tab: Tab, program: Program) -> None:
    tab.open(DIAL)
    found = trial.search(program.app.engine, "apple", "default", 9, 0.0)
    tab.page.check("#compare")
    tab.page.focus("#u")
    tab.page.keyboard.press("End")
    assert f"at 0.90: {found.count_at('0.90')}" in heading(tab)
    marked = tab.page.query_selector_all(".between:not([hidden])")
    assert len(marked) == found.count_at("0.40") - found.count_at("0.90")


def test_a_long_list_is_shown_piece_by_piece_and_the_rest_is_a_link_away(tab: Tab) -> None:
    tab.open("/console/dial?kb=many&q=abc&t=0.10")
    assert len(seen(tab)) == 50
    tab.page.focus("#more")
    tab.page.keyboard.press("Enter")
    assert len(seen(tab)) == 150
    tab.page.click("#rest")
    assert "501" in str(tab.page.get_attribute("ol.matches", "start"))


def test_a_threshold_is_set_for_a_channel_by_keyboard_alone(tab: Tab, program: Program) -> None:
    tab.open(DIAL)
    tab.page.focus("#t")
    tab.page.keyboard.press("ArrowRight")
    tab.page.focus("#channel")
    tab.page.select_option("#channel", "terminal:local:kitchen")
    tab.page.keyboard.press("Tab")
    with tab.page.expect_navigation():
        tab.page.keyboard.press("Enter")
    assert "0.45" in tab.page.inner_text(".said")
    assert "0.45" in str(program.say("/threshold", room="kitchen"))


def test_without_scripts_everything_but_sliding_works(chromium: Browser, program: Program) -> None:
    with a_tab(chromium, program, LIN, java_script_enabled=False) as tab:
        tab.open("/console/dial")
        tab.page.fill("#q", "apple")
        tab.page.fill("#t", "0.9")
        with tab.page.expect_navigation():
            tab.page.click("#ask button.primary")
        found = trial.search(program.app.engine, "apple", "default", 9, 0.0)
        assert heading(tab).startswith(f"{found.count_at('0.90')} of 9 entries at 0.90")
        assert len(seen(tab)) == found.count_at("0.90")
        assert tab.page.is_visible("text=Apply")


def test_half_a_second_of_sliding_over_five_hundred_rows_stays_within_frames(tab: Tab) -> None:
    """Counts what is touched, not the clock: the list of a step is drawn without building a node."""
    tab.open("/console/dial?kb=many&q=abc&t=0.10")
    made = tab.page.evaluate(
        """() => {
            let made = 0;
            new MutationObserver((all) => {
                for (const one of all) { made += one.addedNodes.length; }
            }).observe(document.getElementById("matches"), { childList: true, subtree: true });
            const slider = document.getElementById("t");
            for (let at = 0; at < 34; at++) {
                slider.value = String(0.1 + 0.05 * (at % 17));
                slider.dispatchEvent(new Event("input"));
            }
            return new Promise((done) => requestAnimationFrame(() => done(made)));
        }"""
    )
    assert made == 0


def test_nobody_is_shut_out(chromium: Browser, program: Program) -> None:
    # The policy of our pages does not let the checks in, so here it is put aside.
    with a_tab(chromium, program, LIN, color_scheme="light", bypass_csp=True) as tab:
        told = []
        for path in PAGES:
            tab.open(path)
            told += tab.barriers() + tab.barriers_in_the_dark()
        assert told == [], json.dumps(told, indent=1)


@pytest.mark.parametrize("locale", ["en", "zh-CN"])
def test_no_page_is_wider_than_its_screen(chromium: Browser, program: Program, locale: str) -> None:
    with a_tab(chromium, program, LIN, locale=locale) as tab:
        for path in PAGES:
            tab.open(path)
            for width in (320, 1280):
                tab.page.set_viewport_size({"width": width, "height": 640})
                assert (path, width, tab.too_wide()) == (path, width, 0)
            assert tab.page.get_attribute("html", "lang") == locale
        assert [one for one in tab.complaints if "404" not in one] == []
