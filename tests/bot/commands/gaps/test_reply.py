from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from bot import texts
from bot.commands.base.context import digest_of
from bot.config import Bot
from bot.domain import Person, Surface, Text, Vote
from bot.domain.spelling import folded
from bot.engine_client import Added, Dropped
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
    return digest_of(folded(question), 8)


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
    assert said == "Ann answered “refund when”; it is in default now."
    assert rig.engine.added == [("default", "refund when => within 3 days")]
    assert "left without" in rig.say("/gaps")
    rig.store.clock.go_on(60)  # type: ignore[attr-defined]
    miss(rig, "refund how")
    assert "· 1× ·" in rig.say("/gaps")


def test_a_refused_answer_closes_nothing(rig: ResponderRig) -> None:
    miss(rig, "refund when")
    rig.engine.add_result = Added((), dropped=(Dropped("1", "too long"),))
    assert "Nothing was added: too long" in rig.say(f"/gaps add {gap_of('refund when')} => x")
    assert "“refund when”" in rig.say("/gaps")


def test_pointing_to_an_entry_adds_another_way_to_ask_and_a_label(rig: ResponderRig) -> None:
    miss(rig, "refund when")
    assert "no entry e9" in rig.say(f"/gaps point {gap_of('refund when')} e9")
    assert "pointed “refund when” to e1" in rig.say(f"/gaps point {gap_of('refund when')} e1")
    assert rig.engine.added == [("default", "refund when => something")]
    (past,) = rig.store.labels.of(ROOM)
    assert (past.label.question, past.label.entry_id, past.label.relevant) == ("refund when", "e1", True)


def test_what_is_dismissed_stays_away_and_twice_is_told(rig: ResponderRig) -> None:
    miss(rig, "refund when")
    rig.say(f"/gaps dismiss {gap_of('refund when')}")
    assert "no open question" in rig.say(f"/gaps dismiss {gap_of('refund when')}")
    rig.store.clock.go_on(60)  # type: ignore[attr-defined]
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
