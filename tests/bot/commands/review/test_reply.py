from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bot.config import Bot
from bot.domain import Document, Text
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
        yield ResponderRig(store, clock, Bot())


def ask(rig: ResponderRig, question: str, score: float) -> str:
    """The notes under the answer to a question whose best match has this score."""
    rig.engine.entries = {"e1": ("forbidden", score)}
    return " ".join(rig.ask(question).notes)


def test_what_reaches_the_higher_goes_to_the_queue_and_what_reaches_the_lower_is_observed(
    rig: ResponderRig,
) -> None:
    rig.say("/review 0.70 0.45")
    assert ask(rig, "high", 0.7) == "In the review queue: the best match, 0.7000, reaches 0.70."
    assert ask(rig, "middle", 0.45) == "Under observation: the best match, 0.4500, reaches 0.45."
    assert ask(rig, "low", 0.4499) == ""
    counts = rig.store.reviews.counts(ROOM)
    assert counts["queued"] == 1
    assert counts.get("observed", 0) + counts.get("pooled", 0) == 1
    said = rig.say("/queue")
    assert "Waiting for a decision: 1" in said
    assert "“high” → e1: forbidden (0.7000)" in said
    assert "Observed: 1" in said


def test_without_review_nothing_is_marked(rig: ResponderRig) -> None:
    assert ask(rig, "high", 0.9) == ""
    rig.say("/review 0.70 0.45")
    rig.say("/review off")
    assert ask(rig, "high", 0.9) == ""
    assert rig.store.reviews.counts(ROOM) == {}


def test_a_match_that_the_threshold_keeps_back_is_reviewed_all_the_same(rig: ResponderRig) -> None:
    rig.say("/threshold 0.95")
    rig.say("/review 0.70 0.45")
    assert "review queue" in ask(rig, "high", 0.8)
    assert rig.store.reviews.waiting(ROOM, "queued", 5)[0].entry_text == "forbidden"


def test_a_fifth_of_what_is_observed_goes_into_the_pool(rig: ResponderRig) -> None:
    rig.say("/review 0.70 0.45")
    for number in range(60):
        ask(rig, f"question {number}", 0.5)
    counts = rig.store.reviews.counts(ROOM)
    assert counts["observed"] + counts["pooled"] == 60
    assert 4 <= counts["pooled"] <= 24
    assert f"A sample of what was only observed: {counts['pooled']}" in rig.say("/queue pool")


def test_a_decision_becomes_a_label_and_stands(rig: ResponderRig) -> None:
    rig.say("/review 0.70 0.45")
    ask(rig, "high", 0.8)
    queue = rig.hear(rig.message("/queue")).replies[0]
    assert isinstance(queue, Text)
    assert [button.command for button in queue.buttons] == [
        "/queue confirm 1",
        "/queue dismiss 1",
        "/queue clear 1",
    ]
    assert rig.say("/queue confirm 1") == "Ann confirmed #1."
    assert "was confirmed by Ann already" in rig.say("/queue dismiss 1", person=BOB)
    (past,) = rig.store.labels.of(ROOM)
    assert (past.label.question, past.label.relevant, past.label.source, past.person) == (
        "high",
        True,
        "review",
        ANN,
    )
    assert "The queue is empty. Decided so far: 1." in rig.say("/queue")


def test_several_are_decided_at_once_and_what_cannot_be_is_told(rig: ResponderRig) -> None:
    rig.say("/review 0.70 0.45")
    for question in ("one", "two", "three"):
        ask(rig, question, 0.8)
    assert rig.say("/queue dismiss 2") == "Ann said that #2 is not it."
    told = rig.say("/queue confirm #1, 2 3 9", person=BOB).splitlines()
    assert told[0] == "Bob confirmed #1, #3."
    assert told[1].startswith("Ann said already that #2 is not it")
    assert told[2] == "There is no #9 in this queue."
    assert [past.label.relevant for past in rig.store.labels.of(ROOM)] == [False, True, True]


def test_what_is_only_cleared_is_no_label(rig: ResponderRig) -> None:
    rig.say("/review 0.70 0.45")
    ask(rig, "high", 0.8)
    assert rig.say("/queue clear 1") == "Ann took #1 out of the queue. Nothing is said of the match."
    assert rig.store.labels.of(ROOM) == ()
    assert "was taken out by Ann already" in rig.say("/queue confirm 1", person=BOB)
    rig.say("/language zh")
    assert "#1 已由 Ann 移出" in rig.say("/queue dismiss 1")


@settings(max_examples=15, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    words=st.lists(
        st.tuples(st.sampled_from(["confirm", "dismiss", "clear"]), st.booleans()), min_size=1, max_size=6
    )
)
def test_deciding_again_changes_nothing(rig: ResponderRig, words: list[tuple[str, bool]]) -> None:
    rig.say("/review 0.70 0.45")
    ask(rig, "high", 0.8)
    number = rig.store.reviews.waiting(ROOM, "queued", 5)[-1].id
    before = len(rig.store.labels.of(ROOM))
    for word, is_ann in words:
        rig.say(f"/queue {word} {number}", person=ANN if is_ann else BOB)
    item = rig.store.reviews.get(ROOM, number)
    assert item is not None
    assert item.state == {"confirm": "confirmed", "dismiss": "dismissed", "clear": "cleared"}[words[0][0]]
    assert item.decided_by == ("Ann" if words[0][1] else "Bob")
    assert len(rig.store.labels.of(ROOM)) == before + (words[0][0] != "clear")


def test_nothing_of_one_channel_is_decided_or_seen_in_another(rig: ResponderRig) -> None:
    rig.say("/review 0.70 0.45")
    ask(rig, "high", 0.8)
    assert "There is no #1" in rig.say("/queue confirm 1", channel=NEXT_DOOR)
    assert "high" not in rig.say("/queue", channel=NEXT_DOOR)
    assert "Nothing was ever put" in rig.say("/queue export", channel=NEXT_DOOR)
    item = rig.store.reviews.get(ROOM, 1)
    assert item is not None
    assert item.state == "queued"


def test_the_queue_is_handed_out_as_csv(rig: ResponderRig) -> None:
    rig.say("/review 0.70 0.45")
    ask(rig, "=1+1", 0.8)
    (document,) = rig.hear(rig.message("/queue export")).replies
    assert isinstance(document, Document)
    content = rig.store.documents.content(document.id)
    assert content is not None
    lines = content.decode("utf-8-sig").splitlines()
    assert lines[0].startswith("number,state,at,person,question")
    assert lines[1].startswith("1,queued,")
    assert "'=1+1" in lines[1]


@pytest.mark.parametrize("text", ["/review 0.45 0.70", "/review 0.7", "/review 70 45", "/review 0.7 0.6 0.5"])
def test_a_wrong_pair_changes_nothing_and_shows_an_example(rig: ResponderRig, text: str) -> None:
    assert "/review 0.70 0.45" in rig.say(text)
    assert rig.store.settings.of(ROOM).review_high is None
