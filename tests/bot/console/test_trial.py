"""What the dial shows at a step is what the engine finds at that step."""

from __future__ import annotations

import random

import pytest

from bot.console import trial
from bot.console.trial import STEPS
from bot.console.words import _WORDS, PAGES
from bot.domain import Match, Query
from tests.support.program import Program


def test_the_steps_are_strings_that_say_hundredths() -> None:
    assert len(STEPS) == 17
    assert (STEPS[0], STEPS[6], STEPS[-1]) == ("0.10", "0.40", "0.90")


@pytest.mark.parametrize(("base", "size", "asked"), [("default", 9, 50), ("many", 800, 8)])
def test_list_and_count_at_each_step_are_the_engines_own(
    program: Program, base: str, size: int, asked: int
) -> None:
    chance = random.Random(7)
    engine = program.app.engine
    questions = ["a", *("".join(chance.choices("abcdefghij", k=4)) for _ in range(asked - 1))]
    differences = 0
    for question in questions:
        found = trial.search(engine, question, base, size, 0.0)
        for step in STEPS:
            there = engine.search(Query(question, base, float(step), 1_000), keep=0)
            shown = [row.match.entry_id for row in found.rows if float(row.score) >= float(step)]
            told = [match.entry_id for match in there.matches]
            differences += found.count_at(step) != there.total
            differences += shown != told[: trial.MOST_ROWS]
    assert differences == 0


def test_a_score_that_equals_a_step_passes_it(program: Program) -> None:
    found = trial.search(program.app.engine, "a", "default", 9, 0.0)
    scores = {row.match.text: row.match.score for row in found.rows}
    step = trial.nearest_step(scores["abcd"])
    assert abs(scores["abcd"] - 0.5) < 1e-4
    assert found.count_at(step) == sum(score >= float(step) for score in scores.values())


@pytest.mark.parametrize(
    ("score", "text"),
    [(0.4, "0.4000"), (0.39996, "0.399960"), (0.40004, "0.4000"), (0.12345, "0.1235"), (1.0, "1.0000")],
)
def test_a_score_just_below_a_step_is_not_shown_as_reaching_it(score: float, text: str) -> None:
    assert trial.format_score(score) == text


@pytest.mark.parametrize(
    ("text", "step"),
    [
        ("0.4", "0.40"),
        ("0.15000000000000002", "0.15"),
        ("0.62", "0.60"),
        ("7", "0.25"),
        ("nan", "0.25"),
        (None, "0.25"),
    ],
)
def test_however_a_step_is_written_it_is_one_of_the_seventeen(text: str | None, step: str) -> None:
    assert trial.step_of(text, "0.25") == step


def test_a_row_is_the_text_in_three_parts() -> None:
    text = "Lemons are sour. They grow in Sicily."
    row = trial.row_of(Match(1, "e1", text, 0.8), "where do they grow")
    assert row.text == ("Lemons are sour. ", "They grow in Sicily.", "")


def test_every_word_is_there_in_both_languages_with_the_same_blanks() -> None:
    for key, (english, chinese) in _WORDS.items():
        assert english, key
        assert chinese, key
        for name in ("count", "total", "threshold", "name", "moment"):
            assert (f"{{{name}}}" in english) == (f"{{{name}}}" in chinese), key


def test_no_page_takes_the_words_of_another() -> None:
    assert len(_WORDS) == sum(map(len, PAGES))
