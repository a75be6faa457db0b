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
    ResponderRig,
)

OWN = {"contracts": Strategy(threshold=Decimal("0.8"), limit=3, about="measured on last year's contracts")}


@pytest.fixture
def clock() -> HandClock:
    return HandClock()


@pytest.fixture
def rig(tmp_path: Path, clock: HandClock) -> Iterator[ResponderRig]:
    with a_store(tmp_path / "bot.db", clock) as store:
        yield ResponderRig(store, clock, Bot(strategy=OWN))


def settings(rig: ResponderRig) -> ChannelSettings:
    return rig.store.settings.of(ROOM)


def test_a_strategy_says_what_it_set_and_whose_numbers_these_are(rig: ResponderRig) -> None:
    assert rig.say("/strategy moderation") == (
        "Ann chose the strategy moderation here:\n"
        "Threshold: 0.40 (default) → 0.70\n"
        "To the review queue from: no own value → 0.70\n"
        "Observed from: no own value → 0.45\n"
        "The numbers are the tutorial's, found with Qwen3-Embedding-4B. "
        "The model here is paper; another model wants others."
    )
    assert settings(rig) == ChannelSettings(
        threshold=Decimal("0.70"),
        review_high=Decimal("0.70"),
        review_low=Decimal("0.45"),
        strategy="moderation",
    )
    assert rig.store.settings.of(NEXT_DOOR) == ChannelSettings()


def test_the_bundled_model_has_numbers_of_its_own(rig: ResponderRig) -> None:
    rig.engine.model = "bundled"
    assert "our own for the model here (bundled), measured" in rig.say("/strategy balanced")
    assert settings(rig).threshold == MEASURED["balanced"].threshold == Decimal("0.65")


def test_both_sets_of_numbers_have_the_same_strategies() -> None:
    assert list(TUTORIAL) == list(MEASURED) == ["precise", "balanced", "recall", "moderation"]


def test_a_strategy_of_the_configuration_says_its_reason(rig: ResponderRig) -> None:
    assert rig.say("/strategy contracts") == (
        "Ann chose the strategy contracts here:\n"
        "Threshold: 0.40 (default) → 0.80\n"
        "Matches a reply: 5 (default) → 3\n"
        "The numbers are your operator's: measured on last year's contracts."
    )


def test_a_strategy_is_previewed_on_the_last_questions(rig: ResponderRig) -> None:
    rig.ask("sour?")
    assert "at 0.70: 0 without a match, 2.0 matches each" in rig.say("/strategy precise")


def test_an_unknown_strategy_changes_nothing(rig: ResponderRig) -> None:
    assert rig.say("/strategy bold") == (
        'There is no strategy "bold". There are: precise, balanced, recall, moderation, contracts.'
    )
    assert settings(rig) == ChannelSettings()


def test_off_puts_back_what_was_set_before(rig: ResponderRig) -> None:
    rig.say("/threshold 0.5")
    rig.say("/limit 7")
    before = settings(rig)
    rig.say("/strategy contracts")
    rig.say("/strategy precise")
    assert rig.say("/strategy off") == (
        "Ann switched the strategy precise here off.\nThreshold: 0.70 → 0.50\nMatches a reply: 3 → 7"
    )
    assert settings(rig) == before
    assert rig.say("/strategy off") == "No strategy is chosen here."


def test_what_was_changed_by_hand_since_stays(rig: ResponderRig) -> None:
    rig.say("/strategy contracts")
    rig.say("/threshold 0.9", person=BOB)
    assert "Changed since: Threshold is 0.90, the strategy has 0.80." in rig.say("/strategy")
    rig.say("/strategy off")
    assert settings(rig) == ChannelSettings(threshold=Decimal("0.90"))


def test_undo_steps_back_through_the_choices(rig: ResponderRig) -> None:
    rig.say("/strategy contracts")
    rig.say("/strategy precise")
    rig.say("/strategy off")
    seen = []
    for _ in range(3):
        rig.say("/strategy undo")
        now = settings(rig)
        seen.append((now.strategy, now.threshold, now.limit))
    assert seen == [
        ("precise", Decimal("0.70"), 3),
        ("contracts", Decimal("0.80"), 3),
        (None, None, None),
    ]
    assert rig.say("/strategy undo") == "There is no choice of a strategy left to take back."


def test_a_strategy_chosen_again_repairs_what_was_changed_and_can_be_undone(rig: ResponderRig) -> None:
    rig.say("/strategy contracts")
    rig.say("/threshold 0.9")
    rig.say("/strategy contracts")
    assert settings(rig).threshold == Decimal("0.80")
    assert rig.say("/strategy contracts").startswith("Everything here is as contracts has it already.")
    rig.say("/strategy undo")
    assert (settings(rig).strategy, settings(rig).threshold) == ("contracts", Decimal("0.90"))


def test_a_threshold_of_a_strategy_can_be_undone_alone(rig: ResponderRig) -> None:
    rig.say("/threshold 0.5")
    rig.say("/strategy contracts")
    rig.say("/threshold undo")
    assert (settings(rig).strategy, settings(rig).threshold) == ("contracts", Decimal("0.50"))


# keywords


def test_an_engine_without_keywords_says_so_and_answers_all_the_same(rig: ResponderRig) -> None:
    assert rig.say("/keywords 0.3") == (
        "Ann changed the share of keywords in the ranking here from 0.00 to 0.30.\n"
        "The search service here does not rank by keywords yet; until it does, nothing changes."
    )
    answer = rig.ask("sour?")
    assert answer.total == 3
    assert answer.keyword_weight is None
    assert answer.notes == ("The search service does not rank by keywords; this is ranked by meaning alone.",)


def test_an_engine_with_keywords_is_given_the_weight(rig: ResponderRig) -> None:
    rig.engine.knows_keywords = True
    assert rig.say("/keywords 30%").endswith("from 0.00 to 0.30.")
    answer = rig.ask("sour?")
    assert (answer.keyword_weight, answer.notes) == (Decimal("0.30"), ())
    assert rig.engine.asked[-1].keyword_weight == 0.3
    assert rig.say("/keywords") == "The share of keywords in the ranking here is 0.30 (set in this channel)."
    rig.say("/keywords off")
    assert settings(rig).keyword_weight is None


def test_off_after_a_change_by_hand_says_what_stays_and_previews_nothing(rig: ResponderRig) -> None:
    rig.engine.thresholds["default"] = 0.55
    rig.ask("sour?")
    assert "Threshold: 0.55 (from the knowledge base) → 0.70" in rig.say("/strategy precise")
    rig.say("/threshold 0.8")
    assert rig.say("/strategy off") == (
        "Ann switched the strategy precise here off.\nNothing else changes.\n"
        "Stays as it was set by hand since: Threshold 0.80."
    )
    assert rig.say("/strategy undo") == (
        "Ann took the last choice of a strategy here back: none → precise.\nNothing else changes."
    )
    rig.say("/language zh")
    assert rig.say("/strategy off").splitlines()[0] == "Ann 关闭了这里的策略 precise。"


def test_choosing_a_strategy_again_says_so_once(rig: ResponderRig) -> None:
    rig.say("/strategy precise")
    rig.say("/threshold 0.8")
    rig.say("/strategy precise")
    assert rig.say("/strategy").splitlines()[2:4] == [
        "2023-11-14 22:13 Ann: precise, once more (strategy precise)",
        "2023-11-14 22:13 Ann: no own value → precise (strategy precise)",
    ]


def test_a_question_asked_twice_is_quoted_once_in_a_preview(rig: ResponderRig) -> None:
    for question in ("sour?", "SOUR?", "sour?", "figs?"):
        rig.ask(question)
    said = rig.say("/threshold try 0.9").splitlines()
    assert said[3] == "Questions that would lose their best match: 4"
    assert sorted(line.lower() for line in said[4:]) == ["“figs?” (0.8200)", "“sour?” (0.8200)"]
