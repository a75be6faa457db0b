from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.commands.export.reply import HEAD, records
from bot.config import Bot
from bot.csv_cells import inert
from bot.csv_table import Cell, as_csv
from bot.domain import (
    AnsweredQuestion,
    Change,
    Document,
    Label,
    Match,
    RecordedChange,
    RecordedLabel,
    RecordedQuestion,
)
from tests.bot.store.building import ANN, BOB, HandClock, a_store, an_answer
from tests.support.responder_rig import NEXT_DOOR, ResponderRig

T = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)

cells = st.one_of(st.none(), st.text(), st.integers(), st.floats(allow_nan=False, allow_infinity=False))


def read(content: bytes) -> list[list[str]]:
    return list(csv.reader(io.StringIO(content.decode("utf-8-sig"), newline="")))


@given(st.lists(st.lists(cells, min_size=2, max_size=2)))
def test_what_is_written_is_read_back(rows: list[list[Cell]]) -> None:
    wanted = [
        ["" if cell is None else inert(cell) if isinstance(cell, str) else repr(cell) for cell in row]
        for row in rows
    ]
    assert read(as_csv(("a", "b"), rows)) == [["a", "b"], *wanted]


def test_a_table_has_a_mark_line_ends_and_numbers() -> None:
    rows: list[list[Cell]] = [["=1+1", -0.25], ['a\nb,"c"', None]]
    assert as_csv(("text", "score"), rows) == (b'\xef\xbb\xbftext,score\r\n\'=1+1,-0.25\r\n"a\nb,""c""",\r\n')


def a_question(*, private: bool = False) -> RecordedQuestion:
    answer = replace(
        an_answer("a1", question="=cmd()"),
        matches=(Match(1, "e1", "apples", 0.71, answer="red"),),
        total=2,
        best_score=0.71,
        private=private,
    )
    return RecordedQuestion(AnsweredQuestion(answer, (("e1", 0.71), ("e2", 0.45), ("e3", 0.2))), ANN, T)


def test_every_fact_is_a_row_in_the_order_of_time() -> None:
    label = Label("=cmd()", "e1", False, "vote", "default", "a1", 0.71, "small", "", "s1")
    change = Change("threshold", None, "0.65", cause="strategy precise")
    rows = list(records([a_question()], [RecordedLabel(label, BOB, T)], [RecordedChange(change, BOB, T)]))
    assert [{name: value for name, value in row.items() if value not in (None, "")} for row in rows] == [
        {
            "record": "question",
            "at": "2026-11-23T09:00:00Z",
            "person": "Ann",
            "answer_id": "a1",
            "question": "=cmd()",
            "private": "no",
            "knowledge_base": "default",
            "model": "small",
            "snapshot": "s1",
            "threshold": 0.4,
            "threshold_source": "default",
            "total": 2,
            "best_score": 0.71,
        },
        {
            "record": "match",
            "at": "2026-11-23T09:00:00Z",
            "answer_id": "a1",
            "knowledge_base": "default",
            "rank": 1,
            "entry_id": "e1",
            "text": "apples",
            "answer": "red",
            "score": 0.71,
        },
        {
            "record": "match",
            "at": "2026-11-23T09:00:00Z",
            "answer_id": "a1",
            "knowledge_base": "default",
            "rank": 2,
            "entry_id": "e2",
            "score": 0.45,
        },
        {
            "record": "change",
            "at": "2026-11-23T09:00:00Z",
            "person": "Bob",
            "setting": "threshold",
            "new": 0.65,
            "cause": "strategy precise",
        },
        {
            "record": "feedback",
            "at": "2026-11-23T09:00:00Z",
            "person": "Bob",
            "answer_id": "a1",
            "question": "=cmd()",
            "knowledge_base": "default",
            "model": "small",
            "snapshot": "s1",
            "entry_id": "e1",
            "score": 0.71,
            "verdict": "not helpful",
            "source": "vote",
        },
    ]
    assert all(set(row) <= set(HEAD) for row in rows)


def test_a_private_question_is_without_its_asker() -> None:
    question, *_ = records([a_question(private=True)], [], [])
    assert (question["person"], question["private"], question["question"]) == ("", "yes", "=cmd()")


def test_a_match_without_its_threshold_is_no_match() -> None:
    past = a_question()
    strict = replace(past.asked.answer, threshold=Decimal("0.9"), matches=(), total=0)
    rows = list(records([replace(past, asked=replace(past.asked, answer=strict))], [], []))
    assert [row["record"] for row in rows] == ["question"]


# as a command


@pytest.fixture
def rig(tmp_path: Path) -> Iterator[ResponderRig]:
    clock = HandClock()
    with a_store(tmp_path / "bot.db", clock) as store:
        yield ResponderRig(store, clock, Bot())


def exported(rig: ResponderRig, command: str = "/export", **parts: Any) -> list[dict[str, str]]:
    outcome = rig.hear(rig.message(command, **parts))
    (reply,) = outcome.replies
    assert isinstance(reply, Document)
    content = rig.store.documents.content(reply.id)
    assert content is not None
    head, *rows = read(content)
    return [dict(zip(head, row, strict=True)) for row in rows]


def test_an_export_holds_its_own_channel_and_its_days_alone(rig: ResponderRig) -> None:
    rig.say("/name Returns desk")
    rig.ask("first")
    rig.ask("secret", channel=NEXT_DOOR)
    rig.engine.clock.go_on(24 * 3600)
    rig.ask("second")
    assert {row["question"] for row in exported(rig)} == {"", "first", "second"}
    assert {row["channel"] for row in exported(rig)} == {"Returns desk"}
    days = exported(rig, "/export 2023-11-15")
    assert {row["question"] for row in days if row["record"] == "question"} == {"second"}
    days = exported(rig, "/export 2023/11/14 2023年11月14日")
    assert {row["question"] for row in days if row["record"] == "question"} == {"first"}
    assert rig.say("/export 2020-01-01 2020-12-31") == (
        "There is nothing from 2020-01-01 to 2020-12-31 to hand out."
    )


def test_days_and_times_are_those_of_the_channel(rig: ResponderRig) -> None:
    """22:13 of the 14th in London is 06:13 of the 15th in Shanghai."""
    rig.say("/gaps digest daily 09:00 Asia/Shanghai")
    rig.say("/threshold 0.5")
    rig.ask("first")
    rig.ask("next door", channel=NEXT_DOOR)
    assert "2023-11-15 06:13" in rig.say("/threshold")
    assert "nothing from 2023-11-14" in rig.say("/export 2023-11-14 2023-11-14")
    assert "first" in {row["question"] for row in exported(rig, "/export 2023-11-15 2023-11-15")}
    there = exported(rig, "/export 2023-11-14 2023-11-14", channel=NEXT_DOOR)
    assert "next door" in {row["question"] for row in there}


def test_an_export_says_what_it_holds_and_how_long_its_link_lasts(rig: ResponderRig) -> None:
    rig.ask("first")
    (reply,) = rig.hear(rig.message("/export")).replies
    assert reply == Document(
        id="a2",
        name="kbdial-2023-11-14-2023-11-14.csv",
        media_type="text/csv; charset=utf-8",
        body="Questions from 2023-11-14 to 2023-11-14: 1; rows with matches, feedback, changes: 4.",
        language="en",
        link="To download within 24 hours: https://kb.example.com/console/export/a2",
        verb="export",
    )


@pytest.mark.parametrize("given", ["yesterday", "2023-13-01", "2023-11-02 2023-11-01", "1 2 3", "9999-99-99"])
def test_wrong_days_are_asked_back(rig: ResponderRig, given: str) -> None:
    assert rig.say(f"/export {given}").startswith("/export takes at most two dates")


def test_the_ends_of_the_calendar_are_days_too(rig: ResponderRig) -> None:
    rig.ask("first")
    assert len(exported(rig, "/export 0001-01-01 9999-12-31")) == 4


def test_who_voted_on_a_question_that_was_asked_privately_is_not_named() -> None:
    label = Label("=cmd()", "e1", False, "vote", "default", "a1", 0.71, "small", "", "s1")
    rows = list(records([a_question(private=True)], [RecordedLabel(label, BOB, T)], []))
    assert {row["person"] for row in rows if "person" in row} == {""}
