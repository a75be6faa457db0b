"""The log of questions with its filters, labelling by keys, and the review queue."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Mapping

import pytest
from playwright.sync_api import Browser

from bot.domain import Channel
from tests.bot.console.conftest import HOSTILE, TASTED
from tests.support.console import ANN, BOB, LIN, Tab, Visitor, a_tab, a_visitor
from tests.support.program import Program

TASTING = "terminal:local:tasting"


@pytest.fixture
def tab(chromium: Browser, program: Program) -> Iterator[Tab]:
    with a_tab(chromium, program, LIN) as tab:
        yield tab
        assert tab.complaints == []


@pytest.fixture
def lin(program: Program) -> Visitor:
    return a_visitor(program, LIN, program.app.url)


def table(visitor: Visitor, query: Mapping[str, str]) -> list[dict[str, str]]:
    got = visitor.client.get("/console/questions.csv", query_string=query, base_url=visitor.origin)
    assert got.status_code == 200
    return list(csv.DictReader(io.StringIO(got.data.decode("utf-8-sig"))))


def say(program: Program, text: str, room: str) -> str:
    return str(program.say(text, room=room))


def test_every_filter_finds_what_it_names_and_nothing_else(program: Program, lin: Visitor) -> None:
    say(program, "/threshold 0.60", "log")
    for text in ("apple", "zzz", "lemon and lime", "100% off_\\"):
        say(program, text, "log")
    answer = program.say("abcd", room="log")[0]
    say(program, f"/tune no {getattr(answer, 'id', '')} 1", "log")
    here = {"channel": "terminal:local:log"}
    today = f"{program.edges.clock.now():%Y-%m-%d}"
    every = table(lin, here)
    assert [one["question"] for one in every] == ["abcd", "100% off_\\", "lemon and lime", "zzz", "apple"]
    silent = [one["question"] for one in every if one["total"] == "0"]
    assert [one["question"] for one in table(lin, {**here, "result": "silent"})] == silent
    assert "zzz" in silent
    assert [one["question"] for one in table(lin, {**here, "mark": "not helpful"})] == ["abcd"]
    assert len(table(lin, {**here, "mark": "none"})) == 4
    assert table(lin, {**here, "mark": "helpful"}) == []
    assert [one["question"] for one in table(lin, {**here, "find": "LEMON"})] == ["lemon and lime"]
    assert [one["question"] for one in table(lin, {**here, "find": "% off_\\"})] == ["100% off_\\"]
    assert len(table(lin, {**here, "low": "0.99"})) == sum(float(one["best_score"]) >= 0.99 for one in every)
    assert len(table(lin, {**here, "high": "0.98"})) == sum(float(one["best_score"]) <= 0.98 for one in every)
    assert len(table(lin, {**here, "from": today, "to": today})) == 5
    assert table(lin, {**here, "to": "2001-01-01"}) == []


def test_pages_follow_each_other_without_a_gap(program: Program, lin: Visitor) -> None:
    for number in range(60):
        say(program, f"apple number {number}", "pages")
    first = lin.get("/console/questions?channel=terminal:local:pages").text
    link = first[first.index("before=") :].partition('"')[0]
    second = lin.get(f"/console/questions?channel=terminal:local:pages&{link.replace('&amp;', '&')}").text
    for number in range(60):
        text = f"apple number {number}<"
        assert (text in first, text in second) == (number >= 10, number < 10)
    assert "Older ones" in first
    assert "Older ones" not in second


def test_a_member_sees_the_questions_of_their_channels_alone(program: Program) -> None:
    ann = a_visitor(program, ANN, program.app.url)
    assert {one["channel"] for one in table(ann, {})} == {"slack:T1:C1"}
    assert ann.get(f"/console/questions?channel={TASTING}").status_code == 404


def test_who_asked_privately_is_not_told_to_others(program: Program) -> None:
    bob = a_visitor(program, BOB, program.app.url)
    [asked] = [one for one in table(bob, {"channel": "slack:T1:C1"}) if one["private"] == "yes"]
    assert asked["person"] == ""
    assert ">U1<" not in bob.get("/console/questions?channel=slack:T1:C1").text


def test_sixty_labels_are_given_with_sixty_keys(tab: Tab, program: Program) -> None:
    for number in range(60):
        say(program, f"apple {number} of sixty", "sixty")
    tab.open("/console/label?channel=terminal:local:sixty")
    for number in range(60):
        tab.page.keyboard.press("2" if number % 3 == 0 else "1")
    tab.page.locator("[data-state=saved]").nth(59).wait_for()
    assert tab.page.inner_text("#done") == "60 of 60 labelled"
    labels = program.app._read.labels.of(Channel("terminal", "local", "sixty"))
    assert len(labels) == 60
    assert sum(one.label.relevant for one in labels) == 40


def test_a_label_is_taken_back_by_going_back_and_choosing_again(tab: Tab, program: Program) -> None:
    for text in ("apple one", "apple two"):
        say(program, text, "back")
    tab.open("/console/label?channel=terminal:local:back")
    for key in ("1", "u", "2", "u", "1", "s"):
        tab.page.keyboard.press(key)
        tab.page.locator("[data-state=saving]").first.wait_for(state="detached")
    [label] = program.app._read.labels.of(Channel("terminal", "local", "back"))
    assert label.label.relevant


def test_without_scripts_a_label_is_a_button(chromium: Browser, program: Program) -> None:
    say(program, "apple by hand", "hand")
    with a_tab(chromium, program, LIN, java_script_enabled=False) as tab:
        tab.open("/console/label?channel=terminal:local:hand")
        with tab.page.expect_navigation():
            tab.page.click("[name=wrong]")
        assert "Noted" in tab.page.inner_text(".said")
    [label] = program.app._read.labels.of(Channel("terminal", "local", "hand"))
    assert not label.label.relevant


def test_many_are_decided_at_once_by_keys(tab: Tab, program: Program) -> None:
    say(program, "/review 0.50 0.40", "queue")
    for number in range(6):
        say(program, f"apple {number}", "queue")
    tab.open("/console/review?channel=terminal:local:queue")
    for key in ("1", "2", "s", "1", "1"):
        tab.page.keyboard.press(key)
    with tab.page.expect_navigation():
        tab.page.click("text=Apply the decisions")
    counts = program.app._read.reviews.counts(Channel("terminal", "local", "queue"))
    assert counts == {"confirmed": 3, "dismissed": 1, "queued": 2}
    tab.page.click("[data-all=dismiss]")
    with tab.page.expect_navigation():
        tab.page.click("text=Apply the decisions")
    assert "Nothing waits here." in tab.page.inner_text("main")
    labels = program.app._read.labels.of(Channel("terminal", "local", "queue"))
    assert sum(one.label.relevant for one in labels) == 3
    assert len(labels) == 6


def test_a_decision_of_another_channel_is_none(program: Program) -> None:
    say(program, "/review 0.50 0.40", "theirs")
    say(program, "apple", "theirs")
    [item] = program.app._read.reviews.waiting(Channel("terminal", "local", "theirs"), "queued", 5)
    form = {f"decide-{item.id}": "confirm", "once": "theirs"}
    ann = a_visitor(program, ANN, program.app.url)
    assert ann.post("/console/review", channel="terminal:local:theirs", **form).status_code == 404
    assert ann.post("/console/review", channel="slack:T1:C1", **form).status_code == 303
    assert program.app._read.reviews.counts(Channel("terminal", "local", "theirs")) == {"queued": 1}


def test_exports_are_a_button_away(lin: Visitor) -> None:
    form = {"channel": TASTING, "back": f"/console/questions?channel={TASTING}"}
    gone = lin.post("/console/do", verb="/export", once="export", **form)
    page = lin.get(gone.headers["Location"]).text
    assert "/console/export/" in page


@pytest.mark.parametrize("text", HOSTILE)
def test_hostile_questions_stay_text(program: Program, lin: Visitor, text: str) -> None:
    say(program, text, "hostile-log")
    for path in ("questions", "label", "review"):
        page = lin.get(f"/console/{path}?channel=terminal:local:hostile-log").text
        assert "<script>alert" not in page
        assert "<img src=x" not in page
    rows = table(lin, {"channel": "terminal:local:hostile-log"})
    assert not [cell for row in rows for cell in row.values() if cell.startswith("=")]


@pytest.mark.parametrize(
    "query",
    [
        "from=x&to=y",
        "from=0001-01-01&to=9999-12-31",
        "low=nan&high=1e999",
        "result=x&mark=y",
        "before=9%20%00x",
        "before=99999999999999999999",
        "find=%00%25_",
        "state=confirmed",
        "channel=none",
    ],
)
def test_senseless_values_end_in_a_page(lin: Visitor, query: str) -> None:
    for path in ("questions", "questions.csv", "label", "review"):
        assert lin.get(f"/console/{path}?{query}").status_code in {200, 404}
        assert lin.get(f"/console/{path}?channel={TASTING}&{query}").status_code in {200, 404}


def test_the_log_counts_what_was_asked(lin: Visitor) -> None:
    assert len(table(lin, {"channel": TASTING})) == len(TASTED)
