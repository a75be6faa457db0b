from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from bot.commands.base import learning
from bot.config import Bot
from bot.domain import Surface, Text, Vote
from tests.bot.store.building import HandClock, a_store
from tests.support.responder_rig import NEXT_DOOR, ResponderRig

DAY = 24 * 3600.0
OCTOBER, NOVEMBER = 1_793_000_000.0, 15 * DAY  # 26 October 2026, and how far it is to the next month


@pytest.fixture
def clock() -> HandClock:
    return HandClock(OCTOBER)


@pytest.fixture
def rig(tmp_path: Path, clock: HandClock) -> Iterator[ResponderRig]:
    with a_store(tmp_path / "bot.db", clock) as store:
        yield ResponderRig(store, clock, Bot())


def miss(rig: ResponderRig, *questions: str) -> None:
    entries, rig.engine.entries = rig.engine.entries, {"e1": ("something", 0.2)}
    for question in questions:
        rig.ask(question)
    rig.engine.entries = entries


def tuned(rig: ResponderRig) -> str:
    said = rig.hear(rig.message("/tune")).replies[0]
    assert isinstance(said, Text)
    return said.body


def low(rig: ResponderRig) -> None:
    """Nothing is near anything but what was taught."""
    rig.engine.entries = {each: (text, 0.2) for each, (text, _) in rig.engine.entries.items()}


def test_the_digest_and_tune_say_what_teaching_did_by_asking_again(
    rig: ResponderRig, clock: HandClock
) -> None:
    low(rig)
    miss(rig, "sour for fish", "SOUR for fish", "do you sell hamsters")
    rig.ask("sour for fish", channel=NEXT_DOOR)
    clock.go_on(NOVEMBER)
    assert "taught" not in rig.say("/tune")
    rig.say("/teach e2 => SOUR for fish")
    told = [
        "Wordings taught this month: 1.",
        "Of the questions that found nothing in October (2), 1 would be answered now.",
    ]
    assert rig.say("/tune").splitlines()[-2:] == told
    rig.say("/gaps digest weekly 9")
    (digest,) = rig.hear(rig.message("digest", surface=Surface.CLOCK)).replies
    assert isinstance(digest, Text)
    assert digest.body.splitlines()[-2:] == told
    rig.say("/language zh")
    assert "10 月没有找到答案的问题（2 个）中，现在有 1 个能找到。" in rig.say("/tune")
    assert "taught" not in rig.say("/tune", channel=NEXT_DOOR)


def test_what_waits_to_be_taught_is_told(rig: ResponderRig) -> None:
    answer = rig.ask("sour fruit")
    rig.click(Vote(answer.id, "e2", "helpful"))
    assert tuned(rig).splitlines()[-1] == "Proposals that wait for a decision: 1 (/teach)."
    rig.say("/teach no 1")
    assert "wait for a decision" not in tuned(rig)


def test_what_was_taken_back_is_not_counted(rig: ResponderRig, clock: HandClock) -> None:
    low(rig)
    miss(rig, "sour for fish")
    clock.go_on(NOVEMBER)
    rig.say("/teach e2 => sour for fish")
    rig.say("/teach undo")
    assert "taught" not in rig.say("/tune")


def test_a_daily_digest_is_not_sent_for_what_teaching_did_alone(rig: ResponderRig) -> None:
    rig.say("/gaps digest daily 9")
    rig.say("/teach e2 => sour for fish")
    assert rig.hear(rig.message("digest", surface=Surface.CLOCK)).replies == ()


def test_only_so_many_questions_are_asked_again_and_that_is_said(rig: ResponderRig) -> None:
    low(rig)
    miss(rig, *(f"question {number}" for number in range(learning.MOST_ASKED + 5)))
    rig.say("/teach e2 => question 104")
    rig.say("/teach e2 => question 3")
    before = len(rig.engine.asked)
    told = rig.say("/tune")
    assert len(rig.engine.asked) - before <= learning.MOST_ASKED
    assert "Of the last 100 of 105 questions that found nothing in October, 1 would be answered now." in told
