"""Guests and people of other organisations ask, and change nothing, by whichever way they come."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path

import pytest

from bot.commands.registry import VERBS
from bot.domain import (
    Action,
    Answer,
    Choose,
    Membership,
    RunCommand,
    ShowMore,
    Surface,
    Text,
    TurnDial,
    Vote,
    WriteEntry,
)
from bot.platforms.registry import BOT
from tests.bot.store.building import HandClock, a_store
from tests.support.responder_rig import ANN, BOB, ROOM, ResponderRig

FROM_OUTSIDE = (Membership.OUTSIDER, Membership.UNKNOWN)
# What everybody may do who can write to us. A verb that is not among them is refused to outsiders.
OPEN = {"ask", "help"}
REFUSALS = {
    Membership.OUTSIDER: "Guests and people of other organisations may ask here, and no more",
    Membership.UNKNOWN: "I could not find out whether you belong to this organisation",
}


@pytest.fixture
def rig(tmp_path: Path) -> Iterator[ResponderRig]:
    clock = HandClock()
    bot = BOT(admins=(BOB.key,))
    with a_store(tmp_path / "bot.db", clock) as store:
        yield ResponderRig(store, clock, bot)


def stored(rig: ResponderRig) -> tuple[object, ...]:
    """All that a person can change by a message of theirs."""
    return (
        rig.store.settings.of(ROOM),
        rig.store.labels.of(ROOM),
        rig.store.reviews.everything(ROOM),
        rig.store.gaps.closed_gaps(ROOM, "default"),
        rig.engine.added,
    )


@pytest.mark.parametrize("membership", FROM_OUTSIDE)
def test_they_ask_and_see_more_of_their_answer(rig: ResponderRig, membership: Membership) -> None:
    asked = rig.ask("which are sour?", membership=membership)
    assert [match.entry_id for match in asked.matches] == ["e1", "e2", "e3"]
    assert rig.ask("/ask which are sour?", membership=membership).total == asked.total
    (more,) = rig.click(ShowMore(asked.id, 1), membership=membership).replies
    assert isinstance(more, Answer)
    assert [match.entry_id for match in more.matches] == ["e2", "e3"]


@pytest.mark.parametrize("verb", sorted(VERBS))
@pytest.mark.parametrize("membership", FROM_OUTSIDE)
def test_every_command_but_asking_and_help_is_refused(
    rig: ResponderRig, membership: Membership, verb: str
) -> None:
    before, example = stored(rig), VERBS[verb].example
    typed = rig.message(example, membership=membership)
    clicked = rig.message(action=RunCommand(example), surface=Surface.ACTION, membership=membership)
    for message in (typed, clicked):
        reply = rig.decide(message).replies[0]
        is_refused = isinstance(reply, Text) and reply.body.startswith(REFUSALS[membership])
        assert is_refused == (verb not in OPEN), example
        assert reply.private or verb in OPEN
    assert stored(rig) == before


@pytest.mark.parametrize("membership", FROM_OUTSIDE)
def test_their_clicks_turn_no_dial_and_teach_nothing(rig: ResponderRig, membership: Membership) -> None:
    asked = rig.ask("which are sour?")
    before = stored(rig)
    clicks: tuple[Action, ...] = (
        TurnDial(asked.id, Decimal("0.75")),
        Vote(asked.id, "e1", "helpful"),
        WriteEntry("default", "pears", "green"),
    )
    for action in clicks:
        outcome = rig.click(action, membership=membership)
        (reply,) = outcome.replies
        assert isinstance(reply, Text)
        assert reply.body.startswith(REFUSALS[membership])
        assert reply.private
    chosen = rig.click(Choose(asked.id, "e2"), membership=membership)
    assert [reply.body for reply in chosen.replies if isinstance(reply, Text)] == ["Limes are sour too"]
    assert stored(rig) == before


def test_a_code_makes_no_admin_of_an_outsider_and_stays_good(rig: ResponderRig) -> None:
    code = rig.admins.new_code()
    refused = rig.say(f"/admin claim {code}", membership=Membership.OUTSIDER)
    assert refused.startswith(REFUSALS[Membership.OUTSIDER])
    assert not rig.admins.includes(ANN)
    assert "admin" in rig.say(f"/admin claim {code}")
    assert rig.admins.includes(ANN)


def test_an_admin_by_a_code_who_became_a_guest_changes_nothing(rig: ResponderRig) -> None:
    rig.say(f"/admin claim {rig.admins.new_code()}")
    rig.say("/threshold 0.65", membership=Membership.OUTSIDER)
    assert rig.threshold() is None


def test_whom_the_configuration_names_may_whatever_they_are(rig: ResponderRig) -> None:
    rig.say("/threshold 0.65", person=BOB, membership=Membership.OUTSIDER)
    assert rig.threshold() == Decimal("0.65")
