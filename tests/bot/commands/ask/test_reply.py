"""Questions as they are answered in chat."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import timedelta
from decimal import Decimal
from pathlib import Path

import pytest

from bot.config import Bot
from bot.domain import (
    Answer,
    EngineError,
    Match,
    Surface,
    Text,
)
from tests.bot.store.building import HandClock, a_store
from tests.support.responder_rig import (
    WECOM,
    ResponderRig,
)


@pytest.fixture
def clock() -> HandClock:
    return HandClock()


@pytest.fixture
def rig_with(tmp_path: Path, clock: HandClock) -> Iterator[Callable[..., ResponderRig]]:
    with a_store(tmp_path / "bot.db", clock) as store:
        yield lambda **settings: ResponderRig(store, clock, Bot(**settings))


@pytest.fixture
def rig(rig_with: Callable[..., ResponderRig]) -> ResponderRig:
    return rig_with()


def test_a_question_is_answered_with_the_ranked_matches(rig: ResponderRig, clock: HandClock) -> None:
    outcome = rig.hear(rig.message("which are sour?"))
    answer = Answer(
        id="a1",
        question="which are sour?",
        language="en",
        matches=(
            Match(1, "e1", "Lemons are sour. They grow in Sicily.", 0.82, bold=(0, 16)),
            Match(2, "e2", "Limes are sour too", 0.71),
            Match(3, "e3", "Figs", 0.45),
        ),
        total=3,
        best_score=0.82,
        threshold=Decimal("0.40"),
        threshold_source="default",
        limit=5,
        knowledge_base="default",
        snapshot="s1",
        snapshot_at=clock.now() - timedelta(minutes=5),
        model="paper",
        groups=3,
    )
    assert outcome.replies == (answer,)
    assert rig.engine.asked[0].collapse
    assert outcome.asked is not None
    assert outcome.asked.scores == (("e1", 0.82), ("e2", 0.71), ("e3", 0.45))


def test_the_threshold_in_force_is_the_channels_then_the_knowledge_bases_then_the_default(
    rig: ResponderRig,
) -> None:
    assert (rig.ask("sour?").threshold, rig.ask("sour?").threshold_source) == (Decimal("0.40"), "default")
    rig.hear(rig.message("/kb use shop"))
    by_base = rig.ask("sour?")
    assert (by_base.threshold, by_base.threshold_source, by_base.total) == (
        Decimal("0.6"),
        "knowledge base",
        2,
    )
    rig.say("/threshold 0.8")
    own = rig.ask("sour?")
    assert (own.threshold, own.threshold_source, own.total) == (Decimal("0.80"), "channel", 1)


def test_a_command_of_the_platform_is_answered_privately(rig: ResponderRig) -> None:
    assert rig.ask("/ask sour?", surface=Surface.COMMAND).private
    assert not rig.ask("sour?").private


def test_a_blank_question_gets_the_help_page(rig: ResponderRig) -> None:
    assert rig.say("\u200b  ").startswith("Ask in plain words")
    assert rig.say("@知识库助手", channel=WECOM).startswith("直接用平常的话提问即可")


def test_a_very_long_question_is_cut_and_says_so(rig: ResponderRig) -> None:
    answer, note = rig.hear(rig.message("é" * 40_000)).replies
    assert isinstance(answer, Answer)
    assert answer.question == "é" * 2_000
    assert note == Text(
        "That was long: only the first 2000 characters were searched for.", "en", private=True
    )


def test_half_a_character_and_nul_never_reach_engine_or_store(rig: ResponderRig) -> None:
    (answer,) = rig.decide(rig.message("a\ud800b\0c")).replies
    assert isinstance(answer, Answer)
    assert answer.question == "a?bc"


def test_an_unknown_command_is_searched_for_and_help_is_offered(rig: ResponderRig) -> None:
    answer, note = rig.hear(rig.message("/tresholds 0.65")).replies
    assert isinstance(answer, Answer)
    assert note == Text(
        "There is no command /tresholds. Did you mean /threshold?", "en", private=True, verb="help"
    )


def test_an_unknown_command_that_finds_nothing_is_told_so_and_not_kept_as_a_question(
    rig: ResponderRig,
) -> None:
    rig.say("/threshold 0.9")
    outcome = rig.hear(rig.message("/tresholds 0.65"))
    assert [reply.body for reply in outcome.replies if isinstance(reply, Text)] == [
        "There is no command /tresholds. Did you mean /threshold?"
    ]
    assert (len(outcome.replies), outcome.asked) == (1, None)


def test_a_channel_whose_knowledge_base_is_gone_is_told_which_there_are(rig: ResponderRig) -> None:
    rig.say("/kb use shop")
    del rig.engine.thresholds["shop"]
    rig.engine.clock.go_on(60)
    assert (
        rig.say("sour?")
        == 'No knowledge base is called "shop". There are: default. Choose with /kb use NAME.'
    )


def test_a_question_while_the_engine_is_away_is_left_to_the_worker(rig: ResponderRig) -> None:
    rig.engine.away = True
    with pytest.raises(EngineError) as raised:
        rig.ask("sour?")
    assert raised.value.code == "away"
