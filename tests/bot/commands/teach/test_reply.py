from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path

import pytest

from bot.commands.teach.words import WORDS
from bot.config import Bot, Teaching
from bot.domain import Answer, Choose, Document, EngineError, InboxItem, Outcome, Person, Text, Vote
from tests.bot.store.building import HandClock, a_store
from tests.support.responder_rig import ANN, BOB, NEXT_DOOR, ROOM, ResponderRig

CAY = Person("slack", "T1", "U3", "Cay")


@pytest.fixture
def clock() -> HandClock:
    return HandClock()


@pytest.fixture
def rig(tmp_path: Path, clock: HandClock) -> Iterator[ResponderRig]:
    with a_store(tmp_path / "bot.db", clock) as store:
        yield ResponderRig(store, clock, Bot())


@pytest.fixture
def trusting(tmp_path: Path, clock: HandClock) -> Iterator[ResponderRig]:
    """A desk where two people's votes teach by themselves."""
    with a_store(tmp_path / "trusting.db", clock) as store:
        yield ResponderRig(store, clock, Bot(teaching=Teaching(after=2)))


def vote(
    rig: ResponderRig, answer: Answer, entry_id: str, *, helpful: bool = True, by: Person = ANN
) -> Outcome:
    verdict = Vote(answer.id, entry_id, "helpful" if helpful else "not helpful")
    return rig.click(verdict, person=by)


def wordings(rig: ResponderRig, entry_id: str) -> list[str]:
    return [wording.text for wording in rig.engine.taught[entry_id]]


def listed(rig: ResponderRig) -> Text:
    (said,) = rig.hear(rig.message("/teach")).replies
    assert isinstance(said, Text)
    return said


def test_votes_are_listed_as_what_they_would_teach_and_one_click_teaches_it(rig: ResponderRig) -> None:
    assert rig.say("/teach").startswith("Nothing is waiting to be taught to default.")
    answer = rig.ask("sour for fish")
    vote(rig, answer, "e2")
    vote(rig, answer, "e2", by=BOB)
    vote(rig, answer, "e1", helpful=False)
    said = listed(rig)
    assert said.body.splitlines() == [
        "What this channel would teach default: 1",
        "#1 “sour for fish” → e2: Limes are sour too · helpful: Ann, Bob · 0.7100 today, 1.0000 then",
        "  nearer to e1: Lemons are sour. They grow in Sicily. (0.8200 against 0.7100)",
        "/teach 1 takes it, /teach no 1 refuses it.",
    ]
    assert [button.command for button in said.buttons] == ["/teach 1", "/teach no 1"]
    assert rig.say("/teach 1") == (
        "Ann taught e2 in default the wording “sour for fish”.\nIt holds now. /teach undo takes it back."
    )
    (wording,) = rig.engine.taught["e2"]
    assert (wording.text, wording.by, wording.because) == ("sour for fish", "Ann", "vote")
    assert rig.say("/teach 1").startswith("#1 was taken by Ann already (")
    assert rig.say("/teach").startswith("Nothing is waiting")


def test_the_same_vote_and_the_same_question_in_another_spelling_are_one_proposal(rig: ResponderRig) -> None:
    for text in ("sour fruit", "Sour  fruit", "ｓour fruit"):
        vote(rig, rig.ask(text), "e2")
    assert len(rig.store.proposals.everything(ROOM)) == 1
    assert "helpful: Ann ·" in listed(rig).body


def test_what_is_refused_stays_refused_however_often_it_is_voted_for(rig: ResponderRig) -> None:
    answer = rig.ask("sour fruit")
    vote(rig, answer, "e2")
    assert rig.say("/teach no 1") == "Ann refused #1: “sour fruit” for e2."
    vote(rig, answer, "e2", by=BOB)
    assert rig.say("/teach").startswith("Nothing is waiting")
    assert rig.say("/teach no 1").startswith("#1 was refused by Ann already")
    assert rig.engine.taught == {}
    assert "was taught" in rig.say("/teach history") or "was refused" in rig.say("/teach history")


def test_a_vote_that_is_taken_back_leaves_nothing_to_teach(rig: ResponderRig) -> None:
    answer = rig.ask("sour fruit")
    vote(rig, answer, "e2")
    vote(rig, answer, "e2", helpful=False)
    assert rig.say("/teach").startswith("Nothing is waiting")
    vote(rig, answer, "e2")
    vote(rig, answer, "e2", helpful=False, by=BOB)
    assert "\n  not helpful: Bob\n" in listed(rig).body


def test_one_persons_click_far_behind_another_entry_is_doubtful_until_somebody_agrees(
    rig: ResponderRig,
) -> None:
    answer = rig.ask("sour fruit")
    vote(rig, answer, "e3")
    vote(rig, answer, "e2")
    said = listed(rig)
    lines = said.body.splitlines()
    assert [line.partition(" ")[0] for line in lines if line.startswith("#")] == ["#2", "#1"]
    assert lines[4] == (
        "  doubtful: one person alone says so, and e1 is much nearer: "
        "Lemons are sour. They grow in Sicily. (0.8200 against 0.4500)"
    )
    assert lines[5].startswith("Doubtful ones come last")
    assert [button.command for button in said.buttons] == ["/teach 2", "/teach no 2", "/teach no 1"]
    vote(rig, answer, "e3", by=BOB)
    said = listed(rig)
    assert "oubtful" not in said.body
    assert [button.command for button in said.buttons][:2] == ["/teach 1", "/teach no 1"]


def test_choices_and_reviews_propose_too(rig: ResponderRig) -> None:
    rig.say("/review 0.70 0.45")
    answer = rig.ask("sour fruit")
    rig.click(Choose(answer.id, "e2"))
    rig.say("/queue confirm 1")
    kept = rig.store.proposals.everything(ROOM)
    assert [(one.proposal.entry_id, one.proposal.origin) for one in kept] == [
        ("e2", "choice"),
        ("e1", "review"),
    ]


def test_what_was_asked_privately_is_never_proposed(rig: ResponderRig) -> None:
    (answer,) = rig.hear(rig.message("/ask my secret", private=True)).replies
    assert isinstance(answer, Answer)
    vote(rig, answer, "e1")
    assert rig.store.proposals.everything(ROOM) == ()


def test_a_proposal_ends_with_its_entry_and_comes_back_with_a_vote(rig: ResponderRig) -> None:
    answer = rig.ask("sour fruit")
    vote(rig, answer, "e3")
    figs = rig.engine.entries.pop("e3")
    assert rig.say("/teach 1").startswith("There is no entry e3 in default.")
    assert rig.say("/teach 1") == "There is nothing left to decide about #1."
    rig.engine.entries["e3"] = figs
    assert rig.say("/teach").startswith("Nothing is waiting")
    vote(rig, answer, "e3", by=BOB)
    assert "#1 “sour fruit” → e3" in listed(rig).body


def test_listing_drops_what_there_is_nothing_left_to_decide_about(rig: ResponderRig) -> None:
    answer = rig.ask("sour fruit")
    vote(rig, answer, "e3")
    del rig.engine.entries["e3"]
    assert rig.say("/teach").startswith("Nothing is waiting")
    assert [one.state for one in rig.store.proposals.everything(ROOM)] == ["gone"]


def test_teaching_by_hand_needs_an_entry_and_a_wording_that_nobody_has(rig: ResponderRig) -> None:
    assert rig.say("/teach e9 => what is it").startswith("There is no entry e9 in default.")
    assert rig.say("/teach e3 ＝＞ dried\nfruit").startswith(
        "Ann taught e3 in default the wording “dried fruit”."
    )
    assert rig.say("/teach e3 => dried fruit") == "e3 has the wording “dried fruit” already."
    assert rig.say("/teach e1 => dried fruit").startswith("“dried fruit” is a wording of e3 already.")
    assert [wording.because for wording in rig.engine.taught["e3"]] == ["hand"]


def test_undo_goes_back_one_act_at_a_time_until_nothing_is_left(rig: ResponderRig) -> None:
    before = rig.ask("sour fruit").matches
    rig.say("/teach e2 => sour fruit")
    rig.say("/teach e3 => dried fruit")
    assert rig.ask("sour fruit").matches != before
    assert rig.say("/teach undo") == (
        "Ann took back what e3 in default was taught: “dried fruit”.\nIt holds within a minute."
    )
    assert "e2" in rig.say("/teach undo", person=BOB)
    assert rig.say("/teach undo") == "There is nothing left here to take back."
    assert rig.ask("sour fruit").matches == before
    history = rig.say("/teach history").splitlines()
    assert [line.partition(": #")[2] for line in history[1:]] == [
        "1 “sour fruit” for e2 was undone",
        "2 “dried fruit” for e3 was undone",
    ]
    assert " Bob: #1" in history[1]


def test_a_vote_against_a_taught_wording_proposes_to_take_it_away_and_that_can_be_undone(
    rig: ResponderRig,
) -> None:
    rig.say("/teach e3 => sour fruit")
    answer = rig.ask("sour fruit")
    vote(rig, answer, "e3", helpful=False, by=BOB)
    vote(rig, answer, "e1", helpful=False, by=BOB)  # not by a taught wording
    said = listed(rig)
    assert said.body.splitlines()[1] == "#2 take “sour fruit” away from e3: Figs · not helpful: Bob"
    assert said.buttons[0].label == "Take away #2"
    assert rig.say("/teach 2").startswith("Ann took the wording “sour fruit” away from e3 in default.")
    assert wordings(rig, "e3") == []
    assert rig.say("/teach undo").startswith("Ann gave e3 in default its wording “sour fruit” back.")
    assert wordings(rig, "e3") == ["sour fruit"]
    rig.say("/teach undo")
    assert wordings(rig, "e3") == []
    assert "nothing left" in rig.say("/teach undo")


def test_a_taught_wording_is_taken_away_by_hand_and_nothing_else_is(rig: ResponderRig) -> None:
    rig.say("/teach e3 => sour fruit")
    assert rig.say("/teach forget e3 => Figs").startswith("e3 was taught no wording “Figs”")
    assert rig.say("/teach forget e3 => Sour fruit").startswith("Ann took the wording “Sour fruit” away")
    assert wordings(rig, "e3") == []
    rig.say("/teach undo")
    assert wordings(rig, "e3") == ["Sour fruit"]


def test_what_is_taught_again_after_it_was_taken_away_can_be_taken_away_again(rig: ResponderRig) -> None:
    for _ in range(2):
        assert rig.say("/teach e3 => sour fruit").startswith("Ann taught")
        vote(rig, rig.ask("sour fruit"), "e3", helpful=False, by=BOB)
        assert rig.say("/teach 2").startswith("Ann took")


def test_enough_votes_teach_by_themselves_where_that_is_configured(trusting: ResponderRig) -> None:
    answer = trusting.ask("sour fruit")
    vote(trusting, answer, "e2")
    vote(trusting, answer, "e2")  # the same person
    assert trusting.engine.taught == {}
    replies = vote(trusting, answer, "e2", by=BOB).replies
    assert isinstance(replies[1], Text)
    assert replies[1].body == (
        "2 people found e2 helpful for “sour fruit”, so it was taught that wording.\n"
        "It holds now. /teach undo takes it back."
    )
    assert not replies[1].private
    trusting.say("/teach undo")
    vote(trusting, answer, "e2", by=CAY)  # what a person took back is not taught again by votes
    assert wordings(trusting, "e2") == []


def test_votes_that_contradict_each_other_teach_nothing_by_themselves(trusting: ResponderRig) -> None:
    answer = trusting.ask("sour fruit")
    vote(trusting, answer, "e2", helpful=False, by=CAY)
    vote(trusting, answer, "e2")
    vote(trusting, answer, "e2", by=BOB)
    assert trusting.engine.taught == {}
    assert "#1" in listed(trusting).body


def test_a_vote_that_teaches_waits_for_the_engine_and_is_kept(trusting: ResponderRig) -> None:
    answer = trusting.ask("sour fruit")
    vote(trusting, answer, "e2")
    trusting.engine.away = True
    with pytest.raises(EngineError):
        vote(trusting, answer, "e2", by=BOB)
    assert trusting.responder.needs_engine(trusting.message(action=Vote(answer.id, "e2", "helpful")))


def test_a_crash_between_teaching_and_remembering_it_changes_nothing(rig: ResponderRig) -> None:
    vote(rig, rig.ask("sour fruit"), "e2")
    item = InboxItem(99, rig.message("/teach 1"), lease=1, attempt=1)
    rig.responder.reply_to(item)  # taught, and nothing was stored
    assert rig.say("/teach 1").startswith("Ann taught e2 in default the wording “sour fruit”.")
    assert len(rig.engine.taught["e2"]) == 1
    rig.say("/teach undo")
    assert wordings(rig, "e2") == []


def test_proposals_survive_a_restart(rig: ResponderRig) -> None:
    vote(rig, rig.ask("sour fruit"), "e2")
    again = ResponderRig(rig.store, HandClock(), Bot())
    again._number = 1_000
    assert "#1 “sour fruit” → e2" in listed(again).body


def test_nothing_of_one_channel_is_seen_in_another(rig: ResponderRig) -> None:
    vote(rig, rig.ask("sour fruit"), "e2")
    assert rig.say("/teach", channel=NEXT_DOOR).startswith("Nothing is waiting")
    assert rig.say("/teach 1", channel=NEXT_DOOR) == "There is no #1 here to teach."
    rig.say("/teach 1")
    assert "nothing left" in rig.say("/teach undo", channel=NEXT_DOOR)
    assert rig.say("/teach history", channel=NEXT_DOOR) == "Nothing was decided here yet."


def test_whoever_may_not_add_entries_may_not_teach(tmp_path: Path, clock: HandClock) -> None:
    with a_store(tmp_path / "closed.db", clock) as store:
        rig = ResponderRig(store, clock, Bot(settings_open_to="admins"))
        vote(rig, rig.ask("sour fruit"), "e2")
        for text in ("/teach 1", "/teach no 1", "/teach e2 => x", "/teach undo"):
            assert "admin" in rig.say(text).lower()
        assert rig.engine.taught == {}
        assert "#1" in listed(rig).body  # seeing is for everybody


def test_hostile_texts_are_quoted_on_one_line_and_calculate_nothing(rig: ResponderRig) -> None:
    vote(rig, rig.ask("=HYPERLINK(1)\n#7 <!channel> {who}"), "e2")
    said = listed(rig).body.splitlines()
    assert said[1].startswith("#1 “=HYPERLINK(1) #7 <!channel> {who}” → e2")
    (document,) = rig.hear(rig.message("/teach export")).replies
    assert isinstance(document, Document)
    content = rig.store.documents.get(document.id)
    assert content is not None
    assert b"'=HYPERLINK" in content.content


def test_both_languages_fill_in_the_same() -> None:
    english, chinese = (
        {key: set(re.findall(r"{(\w+)}", text)) for key, text in asdict(WORDS[language]).items()}
        for language in ("en", "zh")
    )
    assert chinese == english


@pytest.mark.parametrize(
    "text", ["/teach no", "/teach 0", "/teach 1 2", "/teach => x", "/teach e1 =>", "/teach x"]
)
def test_a_wrong_teach_command_is_answered_with_an_example(rig: ResponderRig, text: str) -> None:
    assert "for example /teach 12" in rig.say(text)
