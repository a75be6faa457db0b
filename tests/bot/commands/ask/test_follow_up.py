from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from bot.commands.ask.follow_up import RISE, join_questions, keep_brought_nearer
from bot.config import Bot
from bot.domain import Answer, Found, Match, Outcome, ShowMore, Surface, Text, TurnDial
from bot.domain.settings import Language
from tests.bot.store.building import HandClock, a_store
from tests.support.responder_rig import NEXT_DOOR, ROOM, ResponderRig

FIRST, SECOND = "how do I return an order?", "and abroad?"
BOTH = f"{FIRST} {SECOND}"
THREAD = "1700000000.000100"
NOTHING = {"e1": 0.2, "e2": 0.1, "e3": 0.1}
NOTED = {
    "en": "it was asked together with the thread's question “how do I return an order?”",
    "zh": "已和话题串里的问题“how do I return an order?”合在一起再问",
}


@pytest.fixture
def rig_with(tmp_path: Path) -> Iterator[Callable[..., ResponderRig]]:
    clock = HandClock()
    with a_store(tmp_path / "bot.db", clock) as store:

        def build(**settings: Any) -> ResponderRig:
            rig = ResponderRig(store, clock, Bot(**settings))
            rig.engine.scores_for = {
                FIRST: {"e1": 0.8, "e2": 0.38, "e3": 0.1},
                SECOND: NOTHING,
                BOTH: {"e1": 0.79, "e2": 0.6, "e3": 0.12},
                "thanks": NOTHING,
                f"{FIRST} thanks": {"e1": 0.78, "e2": 0.41, "e3": 0.1},
            }
            return rig

        yield build


@pytest.fixture
def rig(rig_with: Callable[..., ResponderRig]) -> ResponderRig:
    return rig_with()


def answer_in(outcome: Outcome) -> Answer:
    (reply,) = outcome.replies
    assert isinstance(reply, Answer)
    return reply


# together


@pytest.mark.parametrize("language", ["en", "zh"])
def test_a_question_that_finds_nothing_alone_is_asked_with_the_first_of_its_thread(
    rig: ResponderRig, language: Language
) -> None:
    rig.hear(rig.message(f"/language {language}"))
    rig.ask(FIRST, thread=THREAD)
    answer = rig.ask(SECOND, thread=THREAD)
    assert [(match.rank, match.entry_id) for match in answer.matches] == [(1, "e2")]
    assert (answer.question, answer.total, answer.rows, answer.best_score) == (BOTH, 1, 1, 0.6)
    assert NOTED[language] in answer.notes[0]


def test_what_was_found_together_is_no_gap_and_is_logged_as_it_was_asked(rig: ResponderRig) -> None:
    rig.ask(FIRST, thread=THREAD)
    rig.ask(SECOND, thread=THREAD)
    logged = rig.store.history.recent(ROOM, 10)
    assert [(one.answer.question, one.answer.total) for one in logged] == [(BOTH, 1), (FIRST, 1)]
    assert SECOND not in rig.say("/gaps")


def test_what_brings_nothing_nearer_is_answered_alone_and_is_a_gap(rig: ResponderRig) -> None:
    rig.ask(FIRST, thread=THREAD)
    answer = rig.ask("thanks", thread=THREAD)
    assert (answer.question, answer.total, answer.notes) == ("thanks", 0, ())
    assert "thanks" in rig.say("/gaps")


def test_the_first_question_of_the_thread_is_meant_however_many_came_between(rig: ResponderRig) -> None:
    for text in (FIRST, "thanks", SECOND):
        rig.ask(text, thread=THREAD)
    assert rig.ask(SECOND, thread=THREAD).question == BOTH


def test_a_question_that_finds_something_is_asked_once(rig: ResponderRig) -> None:
    rig.ask(SECOND, thread=THREAD)
    rig.engine.asked.clear()
    assert rig.ask(FIRST, thread=THREAD).question == FIRST
    assert [query.text for query in rig.engine.asked] == [FIRST]


@pytest.mark.parametrize(
    "elsewhere",
    [
        {"thread": "1700000000.000200"},
        {"thread": ""},
        {"thread": THREAD, "channel": NEXT_DOOR},
    ],
    ids=["another thread", "no thread", "another room"],
)
def test_a_question_follows_none_of_elsewhere(rig: ResponderRig, elsewhere: Mapping[str, Any]) -> None:
    rig.ask(FIRST, thread=THREAD)
    assert rig.ask(SECOND, **elsewhere).question == SECOND


def test_a_question_without_a_thread_begins_none(rig: ResponderRig) -> None:
    rig.ask(FIRST)
    assert rig.ask(SECOND).question == SECOND


def test_what_was_asked_privately_is_told_nobody_in_its_thread(rig: ResponderRig) -> None:
    rig.ask(f"/ask {FIRST}", thread=THREAD, surface=Surface.COMMAND)
    assert rig.ask(SECOND, thread=THREAD).question == SECOND


def test_the_operator_may_switch_it_off(rig_with: Callable[..., ResponderRig]) -> None:
    rig = rig_with(follow_ups=False)
    rig.ask(FIRST, thread=THREAD)
    assert rig.ask(SECOND, thread=THREAD).question == SECOND


def test_a_mistyped_command_is_no_follow_up(rig: ResponderRig) -> None:
    rig.engine.scores_for |= {"/abroad": NOTHING, f"{FIRST} /abroad": {"e1": 0.1, "e2": 0.9, "e3": 0.1}}
    rig.ask(FIRST, thread=THREAD)
    (reply,) = rig.hear(rig.message("/abroad", thread=THREAD)).replies
    assert isinstance(reply, Text)


def test_the_dial_and_more_keep_to_what_the_second_question_brought(rig: ResponderRig) -> None:
    rig.ask(FIRST, thread=THREAD)
    answer = rig.ask(SECOND, thread=THREAD)
    turned = answer_in(rig.click(TurnDial(answer.id, answer.threshold + answer.threshold)))
    assert (turned.total, turned.best_score) == (0, 0.6)
    more = answer_in(rig.click(ShowMore(answer.id, 0)))
    assert more.question == BOTH
    assert NOTED["en"] in more.notes[0]


# joining and filtering


@pytest.mark.parametrize(
    ("first", "second", "both"),
    [
        (FIRST, SECOND, BOTH),
        (FIRST, f" {FIRST.upper()} ", None),
        ("a" * 100, "b" * 10, "a" * 29 + " " + "b" * 10),
        (FIRST, "b" * 40, None),
    ],
)
def test_both_questions_make_one_that_is_not_too_long(first: str, second: str, both: str | None) -> None:
    assert join_questions(first, second, 40) == both


def found(*scores: float) -> Found:
    """Entries e0, e1, … with these scores."""
    ranked = sorted(((f"e{at}", score) for at, score in enumerate(scores)), key=lambda pair: -pair[1])
    return Found(
        knowledge_base="default",
        snapshot="s1",
        snapshot_at=None,
        model="paper",
        threshold=0.4,
        total=len(ranked),
        best_score=ranked[0][1] if ranked else None,
        matches=tuple(Match(at, one, one, score) for at, (one, score) in enumerate(ranked, 1)),
        scores=tuple(ranked),
    )


def test_only_what_rose_far_enough_is_kept_and_ranked_anew() -> None:
    kept = keep_brought_nearer(found(0.9, 0.75, 0.75, 0.5), found(0.9, 0.75 - RISE, 0.71, 0.1), 0, 10)
    assert [(match.rank, match.entry_id) for match in kept.matches] == [(1, "e1"), (2, "e3")]
    assert (kept.total, kept.groups, kept.best_score) == (2, 2, 0.75)
    assert kept.scores == (("e1", 0.75), ("e3", 0.5))


def test_a_page_of_what_was_kept_goes_on_where_the_last_one_ended() -> None:
    nothing = found(*[0.1] * 5)
    kept = keep_brought_nearer(found(0.9, 0.8, 0.7, 0.6, 0.5), nothing, 2, 2)
    assert [(match.rank, match.entry_id) for match in kept.matches] == [(3, "e2"), (4, "e3")]
    assert kept.total == 5


def test_what_is_not_among_the_best_of_the_first_counts_as_its_last() -> None:
    alone = found(0.9, 0.5)
    together = found(0.9, 0.5, 0.5 + RISE, 0.52)
    assert [match.entry_id for match in keep_brought_nearer(together, alone, 0, 10).matches] == ["e2"]


def test_nothing_rises_in_an_empty_knowledge_base() -> None:
    assert keep_brought_nearer(found(), found(), 0, 10).best_score is None
