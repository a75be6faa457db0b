from __future__ import annotations

import io
import json
import re
from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from hypothesis import given
from hypothesis import strategies as st
from rich.console import Console

from bot.cli.chat.screen import (
    Colours,
    JsonLines,
    Plain,
    plain,
)
from bot.domain import Answer, Match, Text

NOW = datetime(2026, 11, 23, 12, 5, tzinfo=UTC)


def a_match(text: str = "草莓富含维生素C。", **changes: Any) -> Match:
    return replace(Match(rank=1, entry_id="e1", text=text, score=0.71234), **changes)


def an_answer(*matches: Match, best_score: float | None = 0.71234) -> Answer:
    return Answer(
        id="a1",
        question="哪种水果维C含量高？",
        language="en",
        matches=matches,
        total=len(matches),
        best_score=best_score,
        threshold=Decimal("0.40"),
        threshold_source="default",
        limit=5,
        knowledge_base="default",
        snapshot="s1",
        snapshot_at=datetime(2026, 11, 23, 12, 0, tzinfo=UTC),
        model="bundled",
    )


def in_a_pipe(reply: Answer | Text) -> str:
    out = io.StringIO()
    Plain(out, lambda: NOW).show(reply)
    return out.getvalue()


def on_a_terminal(reply: Answer | Text, width: int = 60) -> str:
    out = io.StringIO()
    console = Console(file=out, force_terminal=True, color_system="standard", width=width)
    Colours(console, lambda: NOW).show(reply)
    return out.getvalue()


def test_a_pipe_gets_rank_text_bar_score_tier_answer_and_the_context_line() -> None:
    assert in_a_pipe(an_answer(a_match(answer="一天三颗。"))) == (
        "1. 草莓富含维生素C。\n"
        "   ███████░░░ 0.7123 ● strong\n"
        "   → 一天三颗。\n"
        "threshold 0.40 (default) · 1 of 1 shown · knowledge base default · updated 5 min ago\n"
        "\n"
    )


def test_when_nothing_passes_a_pipe_gets_the_best_score_and_what_would_have_shown_something() -> None:
    near = in_a_pipe(replace(an_answer(best_score=0.5891), threshold=Decimal("0.65")))
    assert "0.5891" in near
    assert "/threshold try 0.58" in near
    weak = in_a_pipe(an_answer(best_score=0.3391))
    assert "0.3391" in weak
    assert "/threshold" not in weak


def test_json_is_one_object_a_line_with_the_fields_of_a_search_answer() -> None:
    out = io.StringIO()
    screen = JsonLines(out, lambda: NOW)
    screen.show(an_answer(a_match(text="one\ntwo")))
    screen.show(Text("Done.", "en"))
    answer, text = map(json.loads, out.getvalue().splitlines())
    assert answer["matches"][0]["id"] == "e1"
    assert (answer["matches"][0]["rank"], answer["matches"][0]["score"]) == (1, 0.71234)
    assert text == {"text": "Done.", "matches": []}


def test_a_near_tie_tells_what_to_type() -> None:
    near = an_answer(a_match("Lemons"), a_match("Limes", rank=2, entry_id="e2", score=0.7123))
    shown = in_a_pipe(replace(near, margin=Decimal("0.01")))
    assert "If you meant 2: /tune yes a1 2" in shown.splitlines()
    assert "/tune" not in in_a_pipe(near)


def test_a_terminal_sees_the_sentence_in_bold_and_the_score_in_the_colour_of_its_tier() -> None:
    shown = on_a_terminal(an_answer(a_match(text="First. Second.", bold=(7, 14))))
    assert "First. \x1b[1mSecond.\x1b[0m" in shown
    assert "\x1b[1;32m0.7123\x1b[0m" in shown


def test_the_sentence_in_bold_may_stand_in_the_answer() -> None:
    shown = on_a_terminal(an_answer(a_match(answer="Wash it. Eat it.", bold_answer=(9, 16))))
    assert "Wash it. \x1b[1mEat it.\x1b[0m" in shown


def test_what_matched_stands_under_the_score() -> None:
    match = a_match(wording="which berry?\x1b[2J", collapsed=2)
    assert "asked as “which berry?\ufffd[2J” · +2 other wordings" in on_a_terminal(an_answer(match))
    assert in_a_pipe(an_answer(match)).splitlines()[2].startswith("   asked as “which berry?")


def test_the_second_line_of_an_answer_stands_under_its_first() -> None:
    shown = on_a_terminal(an_answer(a_match(answer="word " * 60)))
    lines = [line.rstrip() for line in re.sub(r"\x1b\[[0-9;]*m", "", shown).splitlines() if "word" in line]
    assert len(lines) > 1
    assert {line.index("word") for line in lines} == {lines[0].index("→ word") + 2}


def test_weak_matches_have_another_colour_than_strong_ones() -> None:
    shown = on_a_terminal(an_answer(a_match(score=0.12)))
    assert "\x1b[1;31m0.1200\x1b[0m" in shown


def test_markup_in_an_entry_is_text() -> None:
    assert "[red]hot[/red]" in on_a_terminal(an_answer(a_match(text="[red]hot[/red]")))


def test_an_entry_cannot_move_the_cursor_or_turn_the_reading_direction() -> None:
    nasty = "a\x1b[2Jb\x9b1mc\rd\u202ee\u2066f"
    entry = a_match(text=nasty, answer=nasty, bold=(0, len(nasty)))
    for shown in (in_a_pipe(an_answer(entry)), in_a_pipe(Text(nasty, "en"))):
        assert not set(shown) & set("\x1b\x9b\r\u202e\u2066")
    assert "\x1b[2J" not in on_a_terminal(an_answer(entry))
    assert "\u202e" not in on_a_terminal(an_answer(entry))


@given(st.text())
def test_plain_text_keeps_its_length_and_every_letter(text: str) -> None:
    text = text.replace("\r\n", "")
    assert len(plain(text)) == len(text)
    assert all(new == old for old, new in zip(text, plain(text), strict=True) if old.isalnum())
