from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path

import pytest

from bot.commands.strategy.presets import MEASURED, TUTORIAL
from bot.config import Bot, Strategy
from bot.domain import ChannelSettings
from tests.bot.store.building import HandClock, a_store
from tests.support.responder_rig import (
    BOB,
    NEXT_DOOR,
    ROOM,
    Desk,
)

OWN = {"contracts": Strategy(threshold=Decimal("0.8"), limit=3, about="measured on last year's contracts")}


@pytest.fixture
def clock() -> HandClock:
    return HandClock()


@pytest.fixture
def desk(tmp_path: Path, clock: HandClock) -> Iterator[Desk]:
    with a_store(tmp_path / "bot.db", clock) as store:
        yield Desk(store, clock, Bot(strategy=OWN))


def settings(desk: Desk) -> ChannelSettings:
    return desk.store.settings.of(ROOM)


def test_a_strategy_says_what_it_set_and_whose_numbers_these_are(desk: Desk) -> None:
    assert desk.say("/strategy moderation") == (
        "Ann chose the strategy moderation here:\n"
        "Threshold: default → 0.70\n"
        "To the review queue from: default → 0.70\n"
        "Observed from: default → 0.45\n"
        "The numbers are the tutorial's, found with Qwen3-Embedding-4B. "
        "The model here is paper; another model wants others."
    )
    assert settings(desk) == ChannelSettings(
        threshold=Decimal("0.70"),
        review_high=Decimal("0.70"),
        review_low=Decimal("0.45"),
        strategy="moderation",
    )
    assert desk.store.settings.of(NEXT_DOOR) == ChannelSettings()


def test_the_bundled_model_has_numbers_of_its_own(desk: Desk) -> None:
    desk.engine.model = "bundled"
    assert "our own for the model here (bundled), measured" in desk.say("/strategy balanced")
    assert settings(desk).threshold == MEASURED["balanced"].threshold == Decimal("0.60")


def test_both_sets_of_numbers_have_the_same_strategies() -> None:
    assert list(TUTORIAL) == list(MEASURED) == ["precise", "balanced", "recall", "moderation"]


def test_a_strategy_of_the_configuration_says_its_reason(desk: Desk) -> None:
    assert desk.say("/strategy contracts") == (
        "Ann chose the strategy contracts here:\n"
        "Threshold: default → 0.80\n"
        "Matches a reply: default → 3\n"
        "The numbers are your operator's: measured on last year's contracts."
    )


def test_a_strategy_is_previewed_on_the_last_questions(desk: Desk) -> None:
    desk.ask("sour?")
    assert "at 0.70: 0 without a match, 2.0 matches each" in desk.say("/strategy precise")


def test_an_unknown_strategy_changes_nothing(desk: Desk) -> None:
    assert desk.say("/strategy bold") == (
        'There is no strategy "bold". There are: precise, balanced, recall, moderation, contracts.'
    )
    assert settings(desk) == ChannelSettings()


def test_off_puts_back_what_was_set_before(desk: Desk) -> None:
    desk.say("/threshold 0.5")
    desk.say("/limit 7")
    before = settings(desk)
    desk.say("/strategy contracts")
    desk.say("/strategy precise")
    assert desk.say("/strategy off") == (
        "Ann switched the strategy here off:\nThreshold: 0.70 → 0.50\nMatches a reply: 3 → 7"
    )
    assert settings(desk) == before
    assert desk.say("/strategy off") == "No strategy is chosen here."


def test_what_was_changed_by_hand_since_stays(desk: Desk) -> None:
    desk.say("/strategy contracts")
    desk.say("/threshold 0.9", person=BOB)
    assert "Changed since: Threshold is 0.90, the strategy has 0.80." in desk.say("/strategy")
    desk.say("/strategy off")
    assert settings(desk) == ChannelSettings(threshold=Decimal("0.90"))


def test_undo_steps_back_through_the_choices(desk: Desk) -> None:
    desk.say("/strategy contracts")
    desk.say("/strategy precise")
    desk.say("/strategy off")
    seen = []
    for _ in range(3):
        desk.say("/strategy undo")
        now = settings(desk)
        seen.append((now.strategy, now.threshold, now.limit))
    assert seen == [
        ("precise", Decimal("0.70"), 3),
        ("contracts", Decimal("0.80"), 3),
        (None, None, None),
    ]
    assert desk.say("/strategy undo") == "There is no choice of a strategy left to take back."


def test_a_strategy_chosen_again_repairs_what_was_changed_and_can_be_undone(desk: Desk) -> None:
    desk.say("/strategy contracts")
    desk.say("/threshold 0.9")
    desk.say("/strategy contracts")
    assert settings(desk).threshold == Decimal("0.80")
    assert desk.say("/strategy contracts").startswith("Everything here is as contracts has it already.")
    desk.say("/strategy undo")
    assert (settings(desk).strategy, settings(desk).threshold) == ("contracts", Decimal("0.90"))


def test_a_threshold_of_a_strategy_can_be_undone_alone(desk: Desk) -> None:
    desk.say("/threshold 0.5")
    desk.say("/strategy contracts")
    desk.say("/threshold undo")
    assert (settings(desk).strategy, settings(desk).threshold) == ("contracts", Decimal("0.50"))


# keywords


def test_an_engine_without_keywords_says_so_and_answers_all_the_same(desk: Desk) -> None:
    assert desk.say("/keywords 0.3") == (
        "Ann changed the share of keywords in the ranking here from 0.00 to 0.30.\n"
        "The search service here does not rank by keywords yet; until it does, nothing changes."
    )
    answer = desk.ask("sour?")
    assert answer.total == 3
    assert answer.keyword_weight is None
    assert answer.notes == ("The search service does not rank by keywords; this is ranked by meaning alone.",)


def test_an_engine_with_keywords_is_given_the_weight(desk: Desk) -> None:
    desk.engine.knows_keywords = True
    assert desk.say("/keywords 30%").endswith("from 0.00 to 0.30.")
    answer = desk.ask("sour?")
    assert (answer.keyword_weight, answer.notes) == (Decimal("0.30"), ())
    assert desk.engine.asked[-1].keyword_weight == 0.3
    assert desk.say("/keywords") == "The share of keywords in the ranking here is 0.30 (set in this channel)."
    desk.say("/keywords off")
    assert settings(desk).keyword_weight is None
