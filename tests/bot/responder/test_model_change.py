from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from bot.config import Bot
from bot.domain import Answer, Surface, Text
from bot.responder.model_change import map_by_quantiles, round_threshold
from tests.bot.store.building import HandClock, a_store
from tests.support.responder_rig import NEXT_DOOR, ROOM, ResponderRig

inside = st.integers(1, 9_999).map(lambda parts: parts / 10_000)
samples = st.lists(inside, min_size=5, max_size=40, unique=True)


@given(samples, samples, st.floats(0, 1, allow_nan=False))
def test_a_quantile_carried_there_and_back_returns(
    before: list[float], after: list[float], threshold: float
) -> None:
    count = min(len(before), len(after))
    there = map_by_quantiles(threshold, before[:count], after[:count])
    assert map_by_quantiles(there, after[:count], before[:count]) == pytest.approx(threshold, abs=1e-9)


@given(samples, samples, inside)
def test_as_many_questions_pass_as_before(before: list[float], after: list[float], threshold: float) -> None:
    count = min(len(before), len(after))
    before, after = before[:count], after[:count]
    passing = sum(score >= threshold for score in before)
    new = map_by_quantiles(threshold, before, after)
    # Straight lines are computed with rounding; a score that lies on the threshold itself is not judged.
    assume(min(abs(score - new) for score in after) > 1e-9)
    assert sum(score >= new for score in after) == passing


@given(samples, st.floats(0, 1, allow_nan=False))
def test_rounding_lets_the_same_questions_pass_as_far_as_four_decimals_can(
    scores: list[float], value: float
) -> None:
    shown = round_threshold(value, scores)
    assert shown <= Decimal(repr(value))
    assert Decimal(repr(value)) - shown < Decimal("0.01")
    exponent = shown.as_tuple().exponent
    assert isinstance(exponent, int)
    assert exponent >= -4
    if exponent > -4:
        assert sum(score >= float(shown) for score in scores) == sum(score >= value for score in scores)


@pytest.fixture
def clock() -> HandClock:
    return HandClock()


@pytest.fixture
def rig(tmp_path: Path, clock: HandClock) -> Iterator[ResponderRig]:
    with a_store(tmp_path / "bot.db", clock) as store:
        rig = ResponderRig(store, clock, Bot())
        rig.engine.fingerprint = "f1"
        yield rig


def another_model(rig: ResponderRig, clock: HandClock, score: float) -> None:
    clock.go_on(60)
    rig.engine.fingerprint, rig.engine.model = "f2", "paper 2"
    rig.engine.entries = {"e1": ("entry", score)}


def asked_with_scores(rig: ResponderRig, *scores: float) -> None:
    for number, score in enumerate(scores):
        rig.engine.entries = {"e1": ("entry", score)}
        rig.ask(f"question {number}")


def test_another_model_carries_the_threshold_over_and_says_so_once(
    rig: ResponderRig, clock: HandClock
) -> None:
    rig.say("/threshold 0.5")
    asked_with_scores(rig, 0.3, 0.4, 0.6, 0.7, 0.8)
    another_model(rig, clock, 0.9)
    answer, news = rig.hear(rig.message("question 9")).replies
    assert isinstance(answer, Answer)
    assert isinstance(news, Text)
    assert not news.private
    assert "went from 0.50 to" in news.body
    assert "of the last 5 questions as many pass as before (60%)" in news.body
    new = rig.threshold()
    assert new is not None
    assert answer.threshold == new
    assert rig.store.settings.of(ROOM).threshold_model == "f2"
    assert len(rig.hear(rig.message("question 10")).replies) == 1
    assert "0.50" in rig.say("/threshold undo")
    assert rig.threshold() == Decimal("0.50")
    assert len(rig.hear(rig.message("question 11")).replies) == 1


def test_with_too_few_questions_the_number_stays_and_that_is_said(
    rig: ResponderRig, clock: HandClock
) -> None:
    rig.say("/threshold 0.5")
    asked_with_scores(rig, 0.6)
    another_model(rig, clock, 0.9)
    _, news = rig.hear(rig.message("question 9")).replies
    assert isinstance(news, Text)
    assert "still 0.50" in news.body
    assert rig.threshold() == Decimal("0.50")
    assert len(rig.hear(rig.message("question 10")).replies) == 1


def test_with_too_few_questions_those_of_all_channels_are_counted_and_none_is_shown(
    rig: ResponderRig, clock: HandClock
) -> None:
    rig.say("/threshold 0.5")
    rig.engine.entries = {"e1": ("entry", 0.9)}
    rig.ask("mine")
    for number, score in enumerate((0.3, 0.4, 0.6, 0.7, 0.8)):
        rig.engine.entries = {"e1": ("entry", score)}
        rig.ask(f"secret {number}", channel=NEXT_DOOR, private=score == 0.3)  # that one is not counted
    another_model(rig, clock, 0.2)
    rig.ask("already asked of the new model", channel=NEXT_DOOR)
    _, news = rig.hear(rig.message("question 9")).replies
    assert isinstance(news, Text)
    assert "went from 0.50 to 0.20" in news.body
    assert "of the last 5 questions of all channels as many pass as before (80%)" in news.body
    assert "secret" not in news.body
    assert rig.threshold() == Decimal("0.20")
    assert rig.store.settings.of(NEXT_DOOR).threshold is None
    assert "0.50" in rig.say("/threshold undo")
    assert rig.threshold() == Decimal("0.50")


def test_a_channel_without_a_threshold_of_its_own_is_told_and_keeps_none(
    rig: ResponderRig, clock: HandClock
) -> None:
    asked_with_scores(rig, 0.6)
    another_model(rig, clock, 0.9)
    _, news = rig.hear(rig.message("question 9")).replies
    assert isinstance(news, Text)
    assert "another model or scoring now (paper 2)" in news.body
    assert rig.threshold() is None
    assert len(rig.hear(rig.message("question 10")).replies) == 1


def test_the_review_goes_along(rig: ResponderRig, clock: HandClock) -> None:
    rig.say("/threshold 0.5")
    rig.say("/review 0.7 0.5")
    asked_with_scores(rig, 0.3, 0.4, 0.6, 0.7, 0.8)
    another_model(rig, clock, 0.2)
    rig.ask("question 9")
    own = rig.store.settings.of(ROOM)
    assert own.review_high is not None
    assert own.review_low is not None
    assert own.review_low <= own.review_high
    assert own.review_high != Decimal("0.70")


def test_the_clock_brings_the_news_to_who_does_not_ask(rig: ResponderRig, clock: HandClock) -> None:
    rig.say("/threshold 0.5")
    asked_with_scores(rig, 0.3, 0.4, 0.6, 0.7, 0.8)
    another_model(rig, clock, 0.9)
    (news,) = rig.hear(rig.message("model", surface=Surface.CLOCK)).replies
    assert isinstance(news, Text)
    assert "went from 0.50 to" in news.body
    assert rig.hear(rig.message("model", surface=Surface.CLOCK)).replies == ()
    assert rig.hear(rig.message("model", surface=Surface.CLOCK, channel=NEXT_DOOR)).replies == ()
