"""SEC37, SEC38: who goes beyond a limit takes nothing from anybody else, and is not locked out."""

from __future__ import annotations

import re
from collections import Counter
from pathlib import Path

from tests.bot.store.building import HandClock
from tests.support.at_rest import until_at_rest
from tests.support.engine import a_knowledge_base
from tests.support.program import Program, a_program

CHANNEL = 4


def _counts(program: Program) -> Counter[str]:
    """The number of messages in each channel, notices included."""
    return Counter(str(message.get("channel")) for message in program.slack.posted)


def _ended(program: Program) -> tuple[int, int, int]:
    """Messages throttled, waiting and given up."""
    told = re.search(
        r'^kbdial_bot_throttled_total{platform="slack"} ([0-9]+)',
        program.app.metrics.text().decode(),
        re.MULTILINE,
    )
    counts = program.app.inbox.counts()
    return int(told[1]) if told else 0, counts["received"], counts["dead"]


def test_a_flooded_channel_takes_nothing_from_ten_quiet_ones(tmp_path: Path) -> None:
    """SEC38: fifty times its limit from many people; every question of the quiet ten is answered."""
    limits = {"person": 1000, "channel": CHANNEL}
    base = a_knowledge_base(tmp_path, "apple", "pear")
    clock = HandClock()
    with a_program(tmp_path, base, clock=clock, questions_per_minute=limits) as program:
        flood = 50 * CHANNEL
        for number in range(flood):
            assert program.people.says("apple", channel="CFLOOD", user=f"U{number}").status_code == 200
            if number % 10 == 0:
                quiet = f"CQ{number // 10 % 10}"
                assert program.people.says("pear", channel=quiet, user="UQ").status_code == 200
        until_at_rest(program.app)
        answered = _counts(program)
        assert {answered[f"CQ{number}"] for number in range(10)} == {2}
        assert answered["CFLOOD"] == CHANNEL + 1  # and the notice
        assert _ended(program) == (flood - CHANNEL, 0, 0)


def test_after_a_quiet_minute_the_flood_is_forgotten(tmp_path: Path) -> None:
    """SEC37: what was refused does not count, so nobody is locked out for longer."""
    clock = HandClock()
    base = a_knowledge_base(tmp_path, "apple")
    limits = {"person": 1, "channel": 1000}
    with a_program(tmp_path, base, clock=clock, questions_per_minute=limits) as program:
        for _ in range(20):
            program.people.says("apple", user="U1")
        until_at_rest(program.app)
        clock.go_on(61)
        before = len(program.slack.posted)
        program.people.says("apple", user="U1")
        program.slack.until(lambda: len(program.slack.posted) > before)
        assert _ended(program) == (19, 0, 0)
