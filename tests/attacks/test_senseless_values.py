"""What a person can type through the real routes: nothing of it changes anything, and nothing of it runs."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from pathlib import Path

import pytest

from bot.domain import Text
from tests.support.engine import a_knowledge_base
from tests.support.program import Program, a_program

FORMULAS = ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", '=HYPERLINK("https://evil.test","x")', 'a"b,c\nd']


@pytest.fixture(scope="module")
def program(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Program]:
    folder = tmp_path_factory.mktemp("values")
    base = a_knowledge_base(folder, "apple", "pear")
    limits = {"person": 1000, "channel": 1000}
    with a_program(folder, base, questions_per_minute=limits) as program:
        yield program


@pytest.mark.parametrize(
    "command", ["threshold", "limit", "keywords", "language", "strategy", "review", "kb"]
)
@pytest.mark.parametrize(
    "value",
    ["NaN", "1e999", "-1", "1000000000", "0x1", "١", "９" * 300, "{0.__class__}", "%n%s%x", "' OR 1=1 --",
     "\\",
     ".*+?^$()[]{}|", "use {0.__class__}", "use ../../etc/passwd", "use %2e%2e",
     "try NaN", "\x00\x1b[2J",
     "9" * 100_000],
)  # fmt: skip
def test_a_senseless_value_is_refused_in_a_sentence_and_changes_nothing(
    program: Program, command: str, value: str
) -> None:
    """SEC31."""
    people = program.people
    before = people.command("/settings", channel_id="C1").get_json()["text"]
    told = people.command(f"/{command}", value, channel_id="C1")
    assert told.status_code == 200
    answer = told.get_json(silent=True)
    assert answer is None or "object at 0x" not in answer["text"]
    assert answer is None or "Traceback" not in answer["text"]
    assert people.command("/settings", channel_id="C1").get_json()["text"] == before


def test_a_wrong_value_is_told_to_the_person_alone_with_the_range(program: Program) -> None:
    """SEC31."""
    told = program.people.command("/threshold", "1e999", channel_id="C2").get_json()
    assert told["response_type"] == "ephemeral"
    assert "0 to 1" in told["text"]


def test_no_question_starts_a_formula_in_the_export_and_all_are_read_back(program: Program) -> None:
    """SEC24, through /export: the file that is shared is what a spreadsheet would open."""
    for text in FORMULAS:
        program.say(f"/ask {text}", "sums")
    (exported,) = program.say("/export", "sums")
    assert isinstance(exported, Text), exported
    content = Path(exported.body.splitlines()[-1]).read_bytes()
    rows = list(csv.DictReader(io.StringIO(content.decode("utf-8-sig"), newline="")))
    heard = [row["question"] for row in rows if row["record"] == "question"]
    assert len(heard) == len(FORMULAS)
    assert not [cell for row in rows for cell in row.values() if cell.startswith(("=", "+", "@", "\t", "\r"))]
    assert not [text for text in heard if text.startswith("-")]


def test_forty_thousand_characters_are_answered_and_said_to_be_cut(program: Program) -> None:
    """SEC16, through the route: the reply keeps within what the platform takes."""
    before = len(program.slack.posted)
    texts = ["字" * 40_000, "🍎" * 20_000, "a" + "\u0301" * 30_000, "\u202eapple\u2066" * 2000]
    for number, text in enumerate(texts):
        assert program.people.says(text, channel=f"CL{number}").status_code == 200
    program.slack.until(lambda: len(program.slack.posted) >= before + 4)
    assert program.slack.rung == 0
