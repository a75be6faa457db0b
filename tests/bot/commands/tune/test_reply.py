from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path

import pytest

from bot.config import Bot
from bot.domain import Answer, Channel, Document, Outcome, Text, Vote
from tests.bot.store.building import HandClock, a_store
from tests.support.responder_rig import (
    ANN,
    BOB,
    NEXT_DOOR,
    ROOM,
    ResponderRig,
)


@pytest.fixture
def rig(tmp_path: Path) -> Iterator[ResponderRig]:
    clock = HandClock()
    with a_store(tmp_path / "bot.db", clock) as store:
        rig = ResponderRig(store, clock, Bot())
        rig.engine.fingerprint = "f1"
        yield rig


def judged(rig: ResponderRig, question: str, score: float, *, right: bool) -> Answer:
    """A question whose only match has this score, and what Ann said of it."""
    rig.engine.entries = {"e1": (f"about {question}", score)}
    answer = rig.ask(question)
    rig.click(Vote(answer.id, "e1", "helpful" if right else "not helpful"))
    return answer


def many(rig: ResponderRig) -> None:
    """Right answers from 0.61 up, wrong ones below: 0.61 is best."""
    for number in range(20):
        judged(rig, f"right {number}", 0.61 + number / 100, right=True)
        judged(rig, f"wrong {number}", 0.41 + number / 200, right=False)


def tune(rig: ResponderRig, text: str = "/tune") -> tuple[Text, Document | None]:
    said, *rest = rig.hear(rig.message(text)).replies
    assert isinstance(said, Text)
    document = rest[0] if rest else None
    assert document is None or isinstance(document, Document)
    return said, document


def test_labels_become_a_suggestion_with_a_picture_and_one_button_to_apply_it(rig: ResponderRig) -> None:
    many(rig)
    said, document = tune(rig)
    assert "Labelled answers: 40, right ones: 20, questions: 40." in said.body
    assert "Now 0.40: precision 0.50, recall 1.00 of what was labelled, F1 0.67." in said.body
    assert "Best F1: 0.61 (95 % interval 0.61 to" in said.body
    assert [(button.label, button.command) for button in said.buttons] == [("Set 0.61", "/threshold 0.61")]
    assert document is not None
    assert (document.name, document.media_type) == ("tune.png", "image/png")
    assert rig.store.documents.content(document.id) == b"png"
    assert "/console/export/" in document.link


def test_what_is_applied_is_no_longer_offered(rig: ResponderRig) -> None:
    many(rig)
    rig.say(tune(rig)[0].buttons[0].command)
    said, _ = tune(rig)
    assert said.buttons == ()
    assert "That is the threshold here already." in said.body


def test_what_no_threshold_can_part_is_not_offered(rig: ResponderRig) -> None:
    for number in range(12):
        judged(rig, f"right {number}", 0.650009, right=True)
        judged(rig, f"wrong {number}", 0.650001, right=False)
    said, _ = tune(rig)
    assert (said.buttons, "too close together" in said.body) == ((), True)
    rig.say("/language zh")
    assert "没有可以设置的阈值能分开" in tune(rig)[0].body


def test_a_wanted_precision_is_proved_or_not_promised(rig: ResponderRig) -> None:
    many(rig)
    said, _ = tune(rig, "/tune precision 0.8")
    assert "Precision 0.80: from 0.60 up" in said.body or "Precision 0.80: from 0.61 up" in said.body
    assert "with 95 % confidence" in said.body


def test_a_precision_that_cannot_be_proved_asks_for_the_labels_that_would_help(rig: ResponderRig) -> None:
    many(rig)
    rig.engine.entries = {"e1": ("an entry", 0.6)}
    rig.ask("not judged yet")
    said, _ = tune(rig, "/tune precision 0.99")
    assert "these labels prove it for no threshold" in said.body
    assert "“not judged yet” → an entry" in said.body
    assert [button.label for button in said.buttons] == ["1 right", "1 wrong"]


def test_too_few_labels_ask_for_five_more_and_offer_nothing_to_apply(rig: ResponderRig) -> None:
    judged(rig, "right", 0.7, right=True)
    judged(rig, "wrong", 0.5, right=False)
    for number in range(7):
        rig.engine.entries = {"e1": ("an entry", 0.42 + number / 20)}
        rig.ask(f"open {number}")
    said, _ = tune(rig)
    assert "Not enough yet: at least 10 right and 5 wrong" in said.body
    assert sum("→ an entry" in line for line in said.body.splitlines()) == 5
    assert [button.label for button in said.buttons[:2]] == ["1 right", "1 wrong"]
    assert len(said.buttons) == 10
    before = len(rig.store.labels.of(ROOM))
    assert "helpful" in rig.say(said.buttons[0].command)
    assert len(rig.store.labels.of(ROOM)) == before + 1
    assert tune(rig)[0].buttons[0].command != said.buttons[0].command


def test_nobody_elses_labels_and_no_private_question_come_up(rig: ResponderRig) -> None:
    many(rig)
    assert "Nobody has said yet" in rig.say("/tune", channel=NEXT_DOOR)
    rig.engine.entries = {"e1": ("an entry", 0.6)}
    rig.hear(rig.message("/ask a secret", private=True, channel=NEXT_DOOR))
    assert "secret" not in rig.say("/tune", channel=NEXT_DOOR)


def test_an_answer_of_another_channel_cannot_be_judged(rig: ResponderRig) -> None:
    answer = judged(rig, "right", 0.7, right=True)
    assert "no longer here" in rig.say(f"/tune yes {answer.id} 1", channel=NEXT_DOOR)
    assert "no match 9" in rig.say(f"/tune no {answer.id} 9")
    assert rig.store.labels.of(NEXT_DOOR) == ()


def test_a_match_of_the_last_answer_that_all_saw_is_judged_without_its_name(rig: ResponderRig) -> None:
    assert "no longer here" in rig.say("/tune yes 1")
    rig.engine.entries = {"e1": ("an entry", 0.6)}
    rig.ask("first")
    rig.ask("second")
    rig.hear(rig.message("/ask a secret", private=True))
    assert rig.say("/tune yes 1") == "“second” → an entry\nNoted: helpful. Thank you."
    (past,) = rig.store.labels.of(ROOM)
    assert (past.label.question, past.label.entry_id, past.label.relevant) == ("second", "e1", True)
    assert "“second” → e1" in rig.say("/teach")


def test_labels_of_another_model_are_scored_again_or_left_out(rig: ResponderRig) -> None:
    many(rig)
    rig.engine.fingerprint = "f2"
    rig.engine.entries = {"e1": ("whatever", 0.33)}
    said, _ = tune(rig)
    assert "Scored again with today's model: 40." in said.body
    assert "Best F1: 0.33" in said.body
    rig.engine.entries = {"e9": ("another", 0.9)}
    assert "Nobody has said yet" in tune(rig)[0].body


def test_in_the_terminal_the_curve_is_drawn_with_characters(rig: ResponderRig) -> None:

    room = Channel("terminal", "local", "terminal")
    for number in range(12):
        rig.engine.entries = {"e1": ("entry", 0.5 + number / 50)}
        answer = rig.ask(f"q {number}", channel=room)
        rig.click(Vote(answer.id, "e1", "helpful" if number % 3 else "not helpful"), channel=room)
    outcome: Outcome = rig.hear(rig.message("/tune", channel=room))
    (said,) = outcome.replies
    assert isinstance(said, Text)
    assert "█" in said.body
    assert "◄ now" in said.body
    (best,) = [line for line in said.body.splitlines() if line.endswith("◄ best F1")]
    assert best.startswith("0.52 ")


def test_two_people_may_label_the_same_and_both_count(rig: ResponderRig) -> None:
    answer = judged(rig, "right", 0.7, right=True)
    rig.click(Vote(answer.id, "e1", "not helpful"), person=BOB)
    rig.click(Vote(answer.id, "e1", "not helpful"), person=ANN)
    assert "Labelled answers: 2, right ones: 0, questions: 1." in tune(rig)[0].body


def test_the_threshold_in_force_is_todays(rig: ResponderRig) -> None:
    many(rig)
    rig.say("/threshold 0.9")
    assert rig.threshold() == Decimal("0.9")
    assert "Now 0.90: precision 1.00, recall 0.00 of what was labelled, F1 0.00." in tune(rig)[0].body
