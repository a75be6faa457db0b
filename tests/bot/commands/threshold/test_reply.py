"""The dial in a channel: what a change would have done, who changed it, and what nobody has seen."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path

import pytest

from bot.config import Bot
from bot.domain import Answer, Button, Choose, Label, Outcome, RunCommand, Text, TurnDial, Vote
from tests.bot.store.building import HandClock, a_store
from tests.support.responder_rig import (
    ANN,
    BOB,
    NEXT_DOOR,
    ROOM,
    ResponderRig,
)


@pytest.fixture
def clock() -> HandClock:
    return HandClock()


@pytest.fixture
def rig(tmp_path: Path, clock: HandClock) -> Iterator[ResponderRig]:
    with a_store(tmp_path / "bot.db", clock) as store:
        yield ResponderRig(store, clock, Bot())


def turned(outcome: Outcome) -> Answer:
    (reply,) = outcome.replies
    assert isinstance(reply, Answer)
    return reply


def test_setting_a_threshold_says_what_it_would_have_done(rig: ResponderRig) -> None:
    rig.ask("sour?")
    rig.ask("figs?", channel=NEXT_DOOR)
    asked = len(rig.engine.asked)
    assert rig.say("/threshold 0.9") == (
        "Ann set the threshold here from 0.40 (default) to 0.90 (set in this channel).\n"
        "The last questions here (1):\n"
        "at 0.40: 0 without a match, 3.0 matches each on average\n"
        "at 0.90: 1 without a match, 0.0 matches each on average\n"
        "Questions that would lose their best match: 1\n"
        "“sour?” (0.8200)"
    )
    assert len(rig.engine.asked) == asked
    assert "would gain their best match: 1" in rig.say("/threshold undo")


def test_a_question_to_another_knowledge_base_is_not_counted(rig: ResponderRig) -> None:
    rig.ask("sour?")
    rig.hear(rig.message("/kb use shop"))
    assert rig.say("/threshold try 0.8").startswith("Nothing was asked here yet")


def test_a_preview_without_the_engine_goes_by_what_was_asked(rig: ResponderRig) -> None:
    rig.ask("sour?")
    rig.engine.away = True
    rig.engine.clock.go_on(3600)
    assert "at 0.40: 0 without a match" in rig.say("/threshold try 0.8")


def test_a_change_right_after_somebody_elses_says_so(rig: ResponderRig, clock: HandClock) -> None:
    rig.say("/threshold 0.5")
    clock.go_on(3)
    assert rig.say("/threshold 0.7", person=BOB) == (
        "Bob set the threshold here from 0.50 (set in this channel) to 0.70 (set in this channel).\n"
        "Note: Ann had changed it from no own value to 0.50 only 3 s before."
    )
    clock.go_on(3)
    assert "Note" not in rig.say("/threshold 0.8", person=BOB)
    clock.go_on(20)
    assert "Note" not in rig.say("/threshold 0.9")


def test_a_click_on_a_dial_that_shows_an_old_value_says_so(rig: ResponderRig) -> None:
    asked = rig.ask("sour?")
    rig.say("/threshold 0.75", person=BOB)
    answer = turned(rig.click(TurnDial(asked.id, Decimal("0.45"), shown=Decimal("0.40"))))
    assert answer.notes[0] == (
        "The dial that was clicked still showed 0.40; Bob had set 0.75 (2023-11-14 22:13)."
    )
    assert answer.turned_by == (ANN, Decimal("0.75"))


def test_a_click_on_ones_own_old_dial_is_no_news(rig: ResponderRig) -> None:
    asked = rig.ask("sour?")
    rig.say("/threshold 0.75")
    answer = turned(rig.click(TurnDial(asked.id, Decimal("0.45"))))
    assert answer.notes == ("Last questions (1): 0 without a match, now 0; 1.0 → 3.0 matches each.",)


def test_the_same_button_pressed_by_two_turns_the_dial_once_and_tells_both(rig: ResponderRig) -> None:
    asked = rig.ask("sour?")
    press = TurnDial(asked.id, Decimal("0.45"), shown=Decimal("0.40"))
    rig.click(press)
    answer = turned(rig.click(press, person=BOB))
    assert answer.turned_by is None
    assert answer.notes == (
        "The dial that was clicked still showed 0.40; Ann had set 0.45 (2023-11-14 22:13).",
    )
    assert len(rig.store.settings.history(ROOM, "threshold", 9)) == 1


def test_the_history_says_what_was_an_undo_and_what_a_strategy(rig: ResponderRig) -> None:
    rig.say("/threshold 0.5")
    rig.say("/strategy precise")
    rig.say("/threshold undo", person=BOB)
    assert rig.say("/threshold") == (
        "The threshold here is 0.50 (set in this channel).\n"
        "2023-11-14 22:13 Bob: 0.70 → 0.50 (undo)\n"
        "2023-11-14 22:13 Ann: 0.50 → 0.70 (strategy precise)\n"
        "2023-11-14 22:13 Ann: no own value → 0.50"
    )


# feedback


def test_a_vote_can_be_changed_and_belongs_to_its_channel(rig: ResponderRig) -> None:
    asked = rig.ask("sour?")
    for verdict in ("helpful", "not helpful", "not helpful"):
        rig.click(Vote(asked.id, "e2", verdict))
    label = Label("sour?", "e2", False, "vote", "default", asked.id, 0.71, "paper", "", "s1")
    assert [past.label for past in rig.store.labels.of(ROOM)] == [label]
    rig.click(Vote(asked.id, "e2", "helpful"), channel=NEXT_DOOR)
    assert rig.store.labels.of(NEXT_DOOR) == ()


# near ties


def test_the_first_two_nearly_equal_say_so_and_the_second_can_be_meant(rig: ResponderRig) -> None:
    rig.engine.entries = {"e1": ("Lemons", 0.8251), "e2": ("Limes", 0.82), "e3": ("Figs", 0.5)}
    asked = rig.ask("sour?")
    assert asked.margin == Decimal("0.01")
    outcome = rig.click(Choose(asked.id, "e2"))
    assert outcome.replies == (Text("Noted: helpful. Thank you.\nLimes", "en", private=True),)
    assert [(past.label.entry_id, past.label.relevant) for past in rig.store.labels.of(ROOM)] == [
        ("e2", True)
    ]


def test_the_margin_is_the_channels_own(rig: ResponderRig) -> None:
    assert rig.ask("sour?").margin is None
    assert rig.say("/threshold margin 0.2") == (
        "Ann changed the margin for near ties here from 0.01 to 0.20."
    )
    assert rig.ask("sour?").margin == Decimal("0.20")
    assert rig.ask("sour?", channel=NEXT_DOOR).margin is None
    rig.say("/threshold margin off")
    assert rig.ask("sour?").margin is None


# buttons that stand for commands


def test_a_button_does_what_its_command_does(rig: ResponderRig) -> None:
    button = Button("0.65", "/threshold 0.65")
    rig.click(RunCommand(button.command))
    assert rig.threshold() == Decimal("0.65")
    assert rig.responder.needs_engine(rig.message(action=RunCommand("/kb list")))
    assert not rig.responder.needs_engine(rig.message(action=RunCommand("/threshold 0.5")))
