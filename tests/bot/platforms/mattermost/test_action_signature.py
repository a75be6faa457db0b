from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.platforms.mattermost.action_signature import ActionSigner, Forged, Pressed
from bot.platforms.mattermost.action_values import ActionValue
from tests.bot.platforms.mattermost.answers import CHANNEL, SECRET

SIGNER = ActionSigner(SECRET)
DIAL = ActionValue("dial", "a-1", "0.65")


@pytest.mark.parametrize(
    ("value", "proof"),
    [
        (DIAL, "e0bc47c1aaa210666671cf06daa8ce7e97f27deffa11c19482b24e17a26462a0"),
        (
            ActionValue("vote", "a-1", "e7:up"),
            "0e0f67ffd9c8baca90783a36fa0abd34158b012edbfd20032792f2bb266776fe",
        ),
    ],
)
def test_the_published_vectors(value: ActionValue, proof: str) -> None:
    context = SIGNER.context(value, "ch1")
    assert context == {"v": "1", "a": value.kind, "i": "a-1", "x": value.value, "m": proof}
    assert SIGNER.read(context, "ch1") == Pressed(value, is_private=False)


def test_what_is_for_one_person_says_so_under_the_same_proof() -> None:
    context = SIGNER.context(DIAL, CHANNEL, is_private=True)
    assert SIGNER.read(context, CHANNEL) == Pressed(DIAL, is_private=True)
    with pytest.raises(Forged):
        SIGNER.read(context | {"a": "dial"}, CHANNEL)


@pytest.mark.parametrize("part", ["v", "a", "i", "x", "m"])
@pytest.mark.parametrize("other", ["", "vote", "2", 1, None, "a|b", ["x"], "\ud800"])
def test_a_context_that_was_altered_is_forged(part: str, other: object) -> None:
    context: dict[str, Any] = {**SIGNER.context(DIAL, CHANNEL), part: other}
    with pytest.raises(Forged):
        SIGNER.read(context, CHANNEL)


def test_a_button_of_one_channel_is_forged_in_another() -> None:
    with pytest.raises(Forged):
        SIGNER.read(SIGNER.context(DIAL, CHANNEL), "other".ljust(26, "0"))


def test_no_secret_believes_nothing_not_even_what_it_would_sign_itself() -> None:
    nobody = ActionSigner("")
    assert not nobody.has_secret
    with pytest.raises(Forged):
        nobody.read(nobody.context(DIAL, CHANNEL), CHANNEL)


@given(st.dictionaries(st.sampled_from("vaixm"), st.text(max_size=5) | st.integers() | st.none()))
@settings(max_examples=50)
def test_no_made_up_context_is_believed(context: dict[str, Any]) -> None:
    with pytest.raises(Forged):
        SIGNER.read(context, CHANNEL)


@given(st.text(max_size=40), st.text(max_size=40))
@settings(max_examples=50)
def test_an_option_proves_itself_and_no_other(choice: str, other: str) -> None:
    menu = ActionValue("rate", "a-1", "up")
    offered = SIGNER.offer(menu, choice, CHANNEL)
    assert SIGNER.read_offer(menu, offered, CHANNEL) == choice
    for forged in (other + offered, offered[:-1], other, f"{other}:{offered[-32:]}"):
        if forged != offered:
            with pytest.raises(Forged):
                SIGNER.read_offer(menu, forged, CHANNEL)
    with pytest.raises(Forged):
        SIGNER.read_offer(ActionValue("rate", "a-1", "down"), offered, CHANNEL)
