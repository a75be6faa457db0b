"""The pages of channels: side by side, settings and their history, the preview, what the labels say."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterator
from decimal import Decimal

import pytest
from playwright.sync_api import Browser

from bot.commands.threshold.preview import preview
from bot.console.channel_view import HUNDREDTHS
from bot.domain import Channel
from tests.bot.console.conftest import HOSTILE, TASTED
from tests.support.console import ANN, BOB, LIN, Tab, a_tab, a_visitor
from tests.support.program import Program

TASTING = "terminal:local:tasting"
_ROW = re.compile(r"<tr>(.*?)</tr>", re.DOTALL)
_MARKUP = re.compile(r"<[^>]*>|\s+")


@pytest.fixture
def tab(chromium: Browser, program: Program) -> Iterator[Tab]:
    with a_tab(chromium, program, LIN) as tab:
        yield tab
        assert tab.complaints == []


def rows_of(page: str) -> list[str]:
    return [_MARKUP.sub(" ", row).strip() for row in _ROW.findall(page)]


def say(program: Program, text: str, room: str = "settings") -> str:
    return str(program.say(text, room=room))


def test_channels_stand_side_by_side_with_what_was_asked_and_said_in_them(program: Program) -> None:
    lin = a_visitor(program, LIN, program.app.url)
    page = lin.get("/console/channels").text
    [tasting] = [row for row in rows_of(page) if TASTING in row]
    right = sum(TASTED.values())
    assert (
        re.sub(r"\s+", " ", tasting) == f"{TASTING} 0.40 default {len(TASTED)} 0% {right / len(TASTED):.0%}"
    )
    table = list(csv.DictReader(io.StringIO(lin.get("/console/channels.csv").data.decode("utf-8-sig"))))
    [line] = [line for line in table if line["channel"] == TASTING]
    assert (line["threshold"], line["threshold_source"]) == ("0.4", "knowledge base")
    assert (line["asked"], line["helpful"]) == (str(len(TASTED)), str(right))


def test_a_member_sees_their_own_channels_alone(program: Program) -> None:
    page = a_visitor(program, ANN, program.app.url).get("/console/channels").text
    assert "slack:T1:C1" in page
    assert "terminal:local" not in page


def test_each_setting_says_where_it_comes_from_and_who_changed_it_last(program: Program) -> None:
    say(program, "/limit 7")
    say(program, "/threshold 0.61")
    say(program, "/name <b>Desk</b>")
    page = (
        a_visitor(program, LIN, program.app.url).get("/console/channel?channel=terminal:local:settings").text
    )
    rows = rows_of(page)
    assert any(re.match(r"Threshold +0.61 +set in this channel .* lin$", row) for row in rows)
    assert any(re.match(r"Matches a reply +7 +set in this channel .* lin$", row) for row in rows)
    assert any(re.match(r"Knowledge base +default +default$", row) for row in rows)
    assert any(row.endswith("default → 0.61") for row in rows)
    assert "<b>Desk" not in page


def test_a_form_is_the_command_with_its_undo(program: Program) -> None:
    lin = a_visitor(program, LIN, program.app.url)
    room = {"channel": "terminal:local:forms", "back": "/console/channel?channel=terminal:local:forms"}
    say(program, "apple", "forms")
    for number, (verb, argument) in enumerate(
        (
            ("/threshold", "0.71"),
            ("/threshold", "0.72"),
            ("/threshold", "undo"),
            ("/kb", "many"),
            ("/name", "Ü"),
        )
    ):
        arguments = ["use", argument] if verb == "/kb" else argument
        gone = lin.post("/console/do", once=f"forms {number}", verb=verb, argument=arguments, **room)
        assert gone.status_code == 303
    told = lin.get(gone.headers["Location"]).text
    assert "0.72 → 0.71" in told
    assert "0.71" in say(program, "/threshold", "forms")
    assert "many" in say(program, "/kb", "forms")
    assert "Ü" in say(program, "/settings", "forms")


def test_the_preview_says_at_every_hundredth_what_the_command_would_say(tab: Tab, program: Program) -> None:
    for text in ("apple", "lemon", "fig", "abcd", "zzz", "apple and fig"):
        say(program, text, "sliding")
    say(program, "/threshold 0.55", "sliding")
    asked = program.app._read.history.question_scores(Channel("terminal", "local", "sliding"), 200)
    tab.open("/console/channel?channel=terminal:local:sliding&t=0.00")
    tab.page.wait_for_load_state("networkidle")
    requests = len(tab.requests)
    tab.page.focus("#t")
    for at, step in enumerate(HUNDREDTHS):
        if at:
            tab.page.keyboard.press("ArrowRight")
        expected = preview(asked, Decimal("0.55"), Decimal(step))
        assert expected is not None
        assert tab.page.inner_text("#effect") == (
            f"At {step}: {expected.after.silent} of 6 without a match,"
            f" {expected.after.mean:.1f} matches each on average"
        )
        assert tab.page.inner_text("#moved") == f"Questions that move: {expected.moved}"
        assert len(tab.page.query_selector_all("#moving > li:not([hidden])")) == expected.moved
        assert tab.page.input_value("#set-threshold [name=argument]") == step
    assert len(tab.requests) == requests


def test_without_scripts_the_preview_is_the_same(chromium: Browser, program: Program) -> None:
    say(program, "apple", "still")
    say(program, "zzz", "still")
    with a_tab(chromium, program, LIN, java_script_enabled=False) as tab:
        tab.open("/console/channel?channel=terminal:local:still")
        tab.page.fill("#t", "0.97")
        with tab.page.expect_navigation():
            tab.page.click("#sliding button")
        assert "At 0.97: 1 of 2 without a match" in tab.page.inner_text("#effect")
        with tab.page.expect_navigation():
            tab.page.click("#set-threshold button")
        assert "0.97" in tab.page.inner_text(".said")
    assert "0.97" in say(program, "/threshold", "still")


def test_a_question_that_was_asked_privately_is_counted_and_not_shown(program: Program) -> None:
    page = a_visitor(program, BOB, program.app.url).get("/console/channel?channel=slack:T1:C1&t=1.00").text
    assert "1 of the questions were asked privately" in page
    assert 'data-best="' not in page


def test_the_labels_of_a_channel_become_curves_and_a_threshold_to_set(tab: Tab, program: Program) -> None:
    tab.open(f"/console/calibrate?channel={TASTING}")
    assert f"{len(TASTED)} labels, {sum(TASTED.values())} of them right" in tab.page.inner_text("main")
    assert len(tab.page.query_selector_all("polyline.line")) == 4
    button = tab.page.locator("main tbody form button").first
    wanted = (button.get_attribute("value") or "").strip()
    button.focus()
    with tab.page.expect_navigation():
        tab.page.keyboard.press("Enter")
    assert wanted in say(program, "/threshold", "tasting")
    say(program, "/threshold reset", "tasting")


def test_the_curve_as_a_table_is_the_engines(program: Program) -> None:
    lin = a_visitor(program, LIN, program.app.url)
    table = lin.get(f"/console/calibrate.csv?channel={TASTING}").data.decode("utf-8-sig")
    points = list(csv.DictReader(io.StringIO(table)))
    assert int(points[0]["kept"]) == len(TASTED)
    assert float(points[0]["precision"]) == pytest.approx(sum(TASTED.values()) / len(TASTED))
    assert [float(point["threshold"]) for point in points] == sorted(
        float(point["threshold"]) for point in points
    )


@pytest.mark.parametrize("text", HOSTILE)
def test_hostile_names_and_questions_stay_text(program: Program, text: str) -> None:
    say(program, text, "hostile")
    say(program, f"/name {text}", "hostile")
    lin = a_visitor(program, LIN, program.app.url)
    for page in ("channels", "channel?channel=terminal:local:hostile&t=1.00"):
        shown = lin.get(f"/console/{page}").text
        assert "<script>alert" not in shown
        assert "<img src=x" not in shown
    table = lin.get("/console/channels.csv").data.decode("utf-8-sig")
    assert not [cell for row in csv.reader(io.StringIO(table)) for cell in row if cell.startswith("=")]


@pytest.mark.parametrize("query", ["t=nan", "t=2", "t=", "t=9" * 9, "precision=7", "channel=", "channel=%00"])
def test_senseless_values_end_in_a_page(program: Program, query: str) -> None:
    lin = a_visitor(program, LIN, program.app.url)
    for path in ("channel", "calibrate", "calibrate.csv"):
        assert lin.get(f"/console/{path}?channel={TASTING}&{query}").status_code in {200, 404}
        assert lin.get(f"/console/{path}?{query}").status_code == 404
