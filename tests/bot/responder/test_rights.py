"""Who may change something, and what the others are told."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from decimal import Decimal
from pathlib import Path

import pytest

from bot.commands.parser import parse
from bot.config import Bot
from bot.domain import (
    ChannelSettings,
    Outcome,
    Person,
    Text,
    TurnDial,
)
from bot.grammar.command import ChangesChannel
from tests.bot.store.building import HandClock, a_store
from tests.support.responder_rig import (
    BOB,
    ROOM,
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


CHANGING = (
    "/teach 1",
    "/teach no 1",
    "/teach e1 => sour ones?",
    "/teach forget e1 => sour thing",
    "/teach undo",
    "/threshold 0.9",
    "/threshold reset",
    "/threshold undo",
    "/threshold margin 0.1",
    "/strategy precise",
    "/strategy off",
    "/strategy undo",
    "/keywords 0.3",
    "/limit 2",
    "/language zh",
    "/name Returns rig",
    "/kb use shop",
    "/kb add pear",
    "/kb add pear =>\n1. Peel",
    "/kb remove e1",
    "/kb edit e1 => sour",
    "/gaps undo",
    "/review 0.7 0.45",
    "/review off",
    "/gaps add 0123abcd => pear",
    "/gaps point 0123abcd e1",
    "/gaps dismiss 0123abcd",
    "/gaps digest off",
)


def test_every_command_that_changes_something_is_among_those_tried_below() -> None:
    """SEC27."""
    read = [parse(each, names=(), mentioned=False, in_group=False) for each in CHANGING]
    # By name: a dataclass with slots is made twice, and the first one stays known for a while.
    assert {type(each).__name__ for each in read} == {
        each.__name__ for each in ChangesChannel.__subclasses__()
    }


@pytest.mark.parametrize("command", CHANGING)
def test_where_only_admins_may_others_change_nothing_and_learn_who_may(
    rig_with: Callable[..., ResponderRig], command: str
) -> None:
    rig = rig_with(settings_open_to="admins", admins=("slack:T1:U2", "slack:T9:U9"))
    outcome = rig.hear(rig.message(command))
    assert outcome == Outcome((Text("Only admins may change settings here: U2.", "en", private=True),))
    assert (rig.store.settings.of(ROOM), rig.engine.added) == (ChannelSettings(), [])
    rig.hear(rig.message("/threshold 0.9", person=BOB))
    assert rig.threshold() == Decimal("0.90")


@pytest.mark.parametrize("command", ["/export", "/queue confirm 1", "/queue clear 1", "/queue export"])
def test_where_only_admins_may_others_neither_decide_nor_take_along(
    rig_with: Callable[..., ResponderRig], command: str
) -> None:
    rig = rig_with(settings_open_to="admins", admins=("slack:T1:U2",))
    outcome = rig.hear(rig.message(command))
    assert outcome == Outcome((Text("Only admins may do this here: U2.", "en", private=True),))
    assert "Only admins" not in str(rig.hear(rig.message(command, person=BOB)))


def test_a_refused_change_is_told_to_the_operator(
    rig_with: Callable[..., ResponderRig], caplog: pytest.LogCaptureFixture
) -> None:
    """SEC27."""
    rig = rig_with(settings_open_to="admins", admins=("slack:T1:U2",))
    rig.say("/threshold 0.9")
    (told,) = caplog.records
    assert (told.getMessage(), told.__dict__["channel"], told.__dict__["person"]) == (
        "change_refused",
        "slack:T1:C1",
        "slack:T1:U1",
    )


def test_where_only_admins_may_others_cannot_turn_the_dial_either(
    rig_with: Callable[..., ResponderRig],
) -> None:
    rig = rig_with(settings_open_to="admins", admins=("slack:T1:U2",))
    asked = rig.ask("sour?")
    outcome = rig.click(TurnDial(asked.id, Decimal("0.9")))
    assert outcome == Outcome((Text("Only admins may change settings here: U2.", "en", private=True),))


def test_a_message_without_a_person_changes_nothing(rig: ResponderRig) -> None:
    assert rig.say("/threshold 0.9", person=Person("slack", "T1", "")) == (
        "A change needs a person, and this message names none."
    )
