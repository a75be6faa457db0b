from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.domain import Action, Choose, RunCommand, ShowMore, TurnDial, Vote
from bot.platforms.mattermost.action_values import KINDS, ActionValue, BrokenClick, read, write

ids = st.text(min_size=1, max_size=20)
thresholds = st.decimals(0, 1, places=6)
actions = st.one_of(
    st.builds(TurnDial, ids, thresholds, st.none() | thresholds),
    st.builds(Vote, ids, ids, st.sampled_from(["helpful", "not helpful"])),
    st.builds(ShowMore, ids, st.integers(0, 999_999)),
    st.builds(Choose, ids, ids),
    st.builds(RunCommand, ids.map("/{}".format)),
)


@given(actions)
@settings(max_examples=100)
def test_an_action_comes_back_as_it_went(action: Action) -> None:
    assert read(write(action), None) == action


@given(
    st.sampled_from(sorted(KINDS)), st.text(max_size=8), st.text(max_size=12), st.none() | st.text(max_size=6)
)
@settings(max_examples=150)
def test_any_value_is_an_action_or_broken(kind: str, about: str, value: str, chosen: str | None) -> None:
    try:
        meant = read(ActionValue(kind, about, value), chosen)
    except BrokenClick:
        return
    assert meant.kind in {"turn dial", "vote", "show more", "choose", "run command"}


def test_the_menu_of_the_dial_turns_it_to_what_was_on_offer_and_nowhere_else() -> None:
    menu = ActionValue("dialto", "a1", "0.65")
    assert read(menu, "0.40") == TurnDial("a1", Decimal("0.40"), Decimal("0.65"))
    for chosen in ("0.41", "1e-1", "", None, "2"):
        with pytest.raises(BrokenClick):
            read(menu, chosen)


def test_a_vote_menu_says_which_match_and_what_of_it() -> None:
    assert read(ActionValue("rate", "a1", "down"), "e7") == Vote("a1", "e7", "not helpful")
    with pytest.raises(BrokenClick):
        read(ActionValue("rate", "a1", "down"), None)
