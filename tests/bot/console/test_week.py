"""The page of the week: the figures of the log and of the metrics, in pictures and as CSV."""

from __future__ import annotations

import csv
import io
from datetime import timedelta
from pathlib import Path

import pytest

from bot.store import Figures, Overview
from bot.store.figures import Waits
from tests.bot.console.conftest import FRUIT, TASTED
from tests.support.console import ANN, LIN, a_visitor
from tests.support.engine import a_knowledge_base
from tests.support.program import Program, a_program


def table(page: bytes) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(page.decode("utf-8-sig"))))


def test_the_week_counts_what_the_metrics_count(tmp_path: Path) -> None:
    bases = (a_knowledge_base(tmp_path / "kb", *FRUIT, threshold=0.4),)
    with a_program(tmp_path / "bot", *bases, with_web=True) as program:
        for text in ("apple", "apple", "zzz", "lemon"):
            program.say(text, room="kitchen")
        registry = program.app.metrics.registry
        answered = registry.get_sample_value("kbdial_bot_answered_total", {"platform": "terminal"})
        observed = registry.get_sample_value("kbdial_bot_answer_seconds_count")
        seconds = registry.get_sample_value("kbdial_bot_answer_seconds_sum")
        now = program.edges.clock.now()
        channels = Overview(program.app._database, program.edges.clock).channels()
        figures = Figures(program.app._database)
        span = now - timedelta(days=1), now + timedelta(days=1)
        tally = figures.tallies(channels, span)[0]["terminal:local:kitchen"]
        waits = Waits.of(figures.waits(channels, *span))
        assert (tally.asked, tally.silent) == (answered, 1)
        assert waits.count == observed
        assert waits.median is not None
        assert waits.p95 is not None
        assert seconds is not None
        assert 0 <= waits.median <= waits.p95 <= seconds + 0.01
        assert [(one.question, one.asked, one.silent) for one in figures.top(channels, *span, 2)] == [
            ("apple", 2, 0),
            ("lemon", 1, 0),
        ]


def test_the_week_is_shown_per_channel_and_day_by_day(program: Program) -> None:
    lin = a_visitor(program, LIN, program.app.url)
    page = lin.get("/console/week").text
    assert page.count('class="all"') == 7
    assert "terminal:local:tasting" in page
    rows = table(lin.get("/console/week.csv").data)
    [tasting] = [row for row in rows if row["channel"] == "terminal:local:tasting"]
    right = sum(TASTED.values())
    assert (tasting["asked"], tasting["silent"], tasting["helpful"]) == (str(len(TASTED)), "0", str(right))
    assert 0 <= float(tasting["median_seconds"]) <= float(tasting["p95_seconds"])
    assert lin.get("/console/week?days=28").text.count('class="all"') == 28


def test_a_member_sees_their_own_channels_and_no_private_question_is_quoted(program: Program) -> None:
    ann = a_visitor(program, ANN, program.app.url)
    page = ann.get("/console/week").text
    assert "terminal:local" not in page
    assert "slack:T1:C1" in page
    assert '<td class="lines">apple</td>' not in page  # she asked it privately


@pytest.mark.parametrize("query", ["days=0", "days=99999999999", "to=0001-01-01", "to=9999-12-31", "to=x"])
def test_senseless_days_end_in_a_page(program: Program, query: str) -> None:
    lin = a_visitor(program, LIN, program.app.url)
    assert lin.get(f"/console/week?{query}").status_code == 200
    assert lin.get(f"/console/week.csv?{query}").status_code == 200
