from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from bot import texts
from bot.commands.base.context import digest_of
from bot.config import Bot
from bot.domain import LeftOut, Person, Refreshed, Surface, Text, Vote
from bot.domain.spelling import fold
from bot.engine_client import Added, Contradicted, Entry
from tests.bot.store.building import HandClock, a_store
from tests.support.responder_rig import NEXT_DOOR, ROOM, ResponderRig


@pytest.fixture
def rig(tmp_path: Path) -> Iterator[ResponderRig]:
    clock = HandClock()
    with a_store(tmp_path / "bot.db", clock) as store:
        yield ResponderRig(store, clock, Bot())


def miss(rig: ResponderRig, *questions: str, best: float = 0.2) -> None:
    rig.engine.entries = {"e1": ("something", best)}
    for question in questions:
        rig.ask(question)


def gap_of(question: str) -> str:
    return digest_of(fold(question), 8)


def test_what_found_nothing_is_listed_by_meaning_the_most_frequent_first(rig: ResponderRig) -> None:
    miss(rig, "parcels late", "refund when")
    miss(rig, "refund how", "refund WHEN", "ｒefund when", best=0.31)
    said = rig.hear(rig.message("/gaps")).replies[0]
    assert isinstance(said, Text)
    lines = said.body.splitlines()
    assert lines[1].startswith(f"{gap_of('refund when')} · 4× · best score 0.3100 (entry e1): “refund when”")
    assert "also: refund how" in lines[2]
    assert "“parcels late”" in lines[3]
    assert [button.command for button in said.buttons] == [
        f"/gaps dismiss {gap_of('refund when')}",
        f"/gaps dismiss {gap_of('parcels late')}",
    ]
    assert f"/gaps add {gap_of('refund when')} => ANSWER" in said.body
    assert f"/gaps dismiss {gap_of('refund when')}" in said.body
    assert texts.with_commands(said) == said.body  # where there are no buttons, it is not said again


def test_only_unhelpful_matches_are_a_gap_and_one_helpful_is_none(rig: ResponderRig) -> None:
    answer = rig.ask("sour fruit")
    assert "left without" in rig.say("/gaps")
    rig.click(Vote(answer.id, "e1", "not helpful"))
    assert "“sour fruit”" in rig.say("/gaps")
    rig.click(Vote(answer.id, "e2", "helpful"))
    assert "left without" in rig.say("/gaps")


def test_an_answer_given_from_here_closes_the_whole_gap_until_it_is_missed_again(rig: ResponderRig) -> None:
    miss(rig, "refund when", "refund how")
    said = rig.say(f"/gaps add {gap_of('refund how')} => within\n3 days")
    assert said == "Ann answered “refund when” in default.\nThey can be found now."
    assert rig.engine.added == [("default", "refund when => within\n3 days")]
    assert "left without" in rig.say("/gaps")
    rig.clock.go_on(60)
    miss(rig, "refund how")
    assert "· 1× ·" in rig.say("/gaps")


def test_a_refused_answer_closes_nothing(rig: ResponderRig) -> None:
    miss(rig, "refund when")
    rig.engine.add_result = Added((), dropped=(LeftOut("1", "english", "too_long", {"column": "answer"}),))
    assert rig.say(f"/gaps add {gap_of('refund when')} => x") == (
        "Nothing was added.\nLeft out: 1.\n· line 1: is too long (column answer)"
    )
    assert "“refund when”" in rig.say("/gaps")


def test_an_answer_that_contradicts_what_is_there_closes_nothing_and_can_take_its_place(
    rig: ResponderRig,
) -> None:
    miss(rig, "refund when")
    rig.engine.add_result = Added((), contradicted=(Contradicted("m1", "refund when", "3 days", "5 days"),))
    reply = rig.hear(rig.message(f"/gaps add {gap_of('refund when')} => 5 days")).replies[0]
    assert isinstance(reply, Text)
    assert reply.body.splitlines()[2:] == ["· it says: 3 days", "· yours, not taken: 5 days"]
    assert [button.command for button in reply.buttons] == ["/kb edit m1 => 5 days"]
    assert "“refund when”" in rig.say("/gaps")


def test_an_answer_that_is_found_later_says_so_later(rig: ResponderRig) -> None:
    miss(rig, "refund when")
    rig.engine.refreshes = [Refreshed("r1", "running")]
    outcome = rig.hear(rig.message(f"/gaps add {gap_of('refund when')} => 5 days"))
    assert outcome.awaits is not None
    (reply,) = outcome.replies
    assert isinstance(reply, Text)
    assert reply.body.endswith("\nI will say here when they can be found.")


def test_pointing_teaches_the_entry_every_wording_and_copies_no_answer(rig: ResponderRig) -> None:
    miss(rig, "refund when", "refund how")
    assert "no entry e9" in rig.say(f"/gaps point {gap_of('refund when')} e9")
    assert rig.say(f"/gaps point {gap_of('refund when')} e1") == (
        "Ann pointed “refund when” to e1; wordings taught to it: 2.\n"
        "It holds now. /teach undo takes them back."
    )
    assert rig.engine.added == []
    taught = rig.engine.taught["e1"]
    assert [(each.text, each.by, each.because) for each in taught] == [
        ("refund when", "Ann", "gap"),
        ("refund how", "Ann", "gap"),
    ]
    said = {
        (past.label.question, past.label.entry_id, past.label.relevant) for past in rig.store.labels.of(ROOM)
    }
    assert said == {("refund when", "e1", True), ("refund how", "e1", True)}
    assert "left without" in rig.say("/gaps")
    rig.say("/teach undo")
    assert rig.engine.taught["e1"] == ()


def test_a_question_that_is_taught_by_hand_is_a_gap_no_more_until_that_is_undone(rig: ResponderRig) -> None:
    miss(rig, "refund when")
    assert gap_of("refund when") in rig.say("/gaps")
    rig.say("/teach e1 => Refund when")
    assert "left without" in rig.say("/gaps")
    rig.say("/teach undo")
    assert gap_of("refund when") in rig.say("/gaps")


def test_a_wording_that_another_entry_has_is_told_and_stays_there(rig: ResponderRig) -> None:
    miss(rig, "refund when", "refund how")
    rig.engine.entries["e2"] = ("refund how", 0.1)
    assert rig.say(f"/gaps point {gap_of('refund when')} e1").splitlines() == [
        "Ann pointed “refund when” to e1; wordings taught to it: 1.",
        "“refund how” is a wording of e2 already, and stays there.",
        "It holds now. /teach undo takes them back.",
    ]


def test_of_those_asked_as_often_the_latest_comes_first_and_all_can_be_reached(rig: ResponderRig) -> None:
    for number in range(7):
        miss(rig, f"q{number} something")
        rig.clock.go_on(60)
    miss(rig, "q0 something")
    assert [line.rpartition("“")[2] for line in rig.say("/gaps").splitlines()[1:7]] == [
        "q0 something”",
        "q6 something”",
        "q5 something”",
        "q4 something”",
        "q3 something”",
        "… and 2 more: /gaps 2",
    ]
    assert [line.rpartition("“")[2] for line in rig.say("/gaps 2").splitlines()[1:3]] == [
        "q2 something”",
        "q1 something”",
    ]
    assert "more:" not in rig.say("/gaps 2")
    assert rig.say("/gaps 99") == rig.say("/gaps 2")
    rig.say("/gaps digest daily 9")
    (said,) = rig.hear(rig.message("digest", surface=Surface.CLOCK)).replies
    assert isinstance(said, Text)
    assert "… and 2 more: /gaps\n" in said.body


def test_what_is_dismissed_stays_away_and_twice_is_told(rig: ResponderRig) -> None:
    miss(rig, "refund when")
    rig.say(f"/gaps dismiss {gap_of('refund when')}")
    assert "no open question" in rig.say(f"/gaps dismiss {gap_of('refund when')}")
    rig.clock.go_on(60)
    miss(rig, "refund when")
    assert "left without" in rig.say("/gaps")


def test_private_questions_are_counted_and_never_shown_and_other_channels_not_at_all(
    rig: ResponderRig,
) -> None:
    miss(rig, "refund when")
    rig.hear(rig.message("/ask my secret", private=True))
    said = rig.say("/gaps")
    assert "Asked privately and not shown: 1." in said
    assert "secret" not in said
    assert "refund" not in rig.say("/gaps", channel=NEXT_DOOR)
    assert "no open question" in rig.say(f"/gaps dismiss {gap_of('refund when')}", channel=NEXT_DOOR)


def test_the_digest_is_said_by_the_clock_only_where_it_was_asked_for(rig: ResponderRig) -> None:
    miss(rig, "refund when")
    tick = rig.message("digest", surface=Surface.CLOCK, person=Person("slack", "T1", "kbdial", "kbdial"))
    assert rig.hear(tick).replies == ()
    assert rig.say("/gaps digest daily 9 Asia/Shanghai") == (
        "Ann asked for a digest of open questions every day at 09:00 (Asia/Shanghai)."
    )
    own = rig.store.settings.of(ROOM)
    assert (own.digest, own.digest_hour, own.timezone) == ("daily", 9, "Asia/Shanghai")
    (said,) = rig.hear(rig.message("digest", surface=Surface.CLOCK)).replies
    assert isinstance(said, Text)
    assert said.body.startswith("The digest of this channel.\nQuestions of the last 1 days")
    assert not said.private
    assert "ended" in rig.say("/gaps digest off")
    assert rig.store.settings.of(ROOM).digest is None


@pytest.mark.parametrize(
    "text",
    ["/gaps digest", "/gaps digest hourly", "/gaps digest daily 25", "/gaps digest daily 9:30",
     "/gaps digest daily 9 Nowhere/Land", "/gaps add", "/gaps add zzz => x", "/gaps point 01234567"],
)  # fmt: skip
def test_a_wrong_gaps_command_is_answered_with_an_example(rig: ResponderRig, text: str) -> None:
    assert re.search(r"/gaps takes .* for example /gaps digest daily 09:00", rig.say(text))


def test_a_wrong_hour_or_zone_of_a_digest_is_named(rig: ResponderRig) -> None:
    assert rig.say("/gaps digest daily 25:00").endswith('(got "25:00").')
    assert rig.say("/gaps digest daily 9 Nowhere/Land").endswith('(got "Nowhere/Land").')


def test_what_was_closed_last_is_opened_again_and_its_entry_taken_away(rig: ResponderRig) -> None:
    miss(rig, "refund when", "refund how", "parcels late")
    rig.say(f"/gaps dismiss {gap_of('parcels late')}")
    rig.clock.go_on(1)
    rig.engine.add_result = Added((Entry("m1", "refund when"),), refresh="r1")
    rig.engine.entries["m1"] = ("refund when", 0.9)
    rig.say(f"/gaps add {gap_of('refund when')} => within 3 days")
    assert "No question of the last 30 days" in rig.say("/gaps")
    said = rig.say("/gaps undo")
    assert said.startswith("Ann opened “refund")
    assert "The entry m1 that was written for it is taken away." in said
    listed = rig.say("/gaps")
    assert "refund when" in listed
    assert "refund how" in listed
    assert "parcels late" not in listed
    assert rig.say("/gaps undo") == "Ann opened “parcels late” again."
    assert "parcels late" in rig.say("/gaps")
    assert rig.say("/gaps undo") == "No closed question here is left to open again."


def test_a_digest_a_day_later_tells_what_was_asked_right_after_the_one_before(rig: ResponderRig) -> None:
    rig.say("/gaps digest daily 9")
    miss(rig, "refund when")
    rig.clock.go_on(86_400)
    (said,) = rig.hear(rig.message("digest", surface=Surface.CLOCK)).replies
    assert "refund when" in str(said)
