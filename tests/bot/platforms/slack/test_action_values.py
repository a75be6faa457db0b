from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.domain import ShowMore, TurnDial, Vote
from bot.platforms.slack import action_values

answer_ids = st.text("abcdefghijklmnopqrstuvwxyz-_0123456789", min_size=1)
thresholds = st.decimals(0, 1, places=4, allow_nan=False)
entry_ids = st.text(min_size=1)


@given(answer_ids, thresholds, entry_ids, st.integers(0, 10**6))
def test_what_is_written_into_a_button_is_read_back(
    answer: str, threshold: Decimal, entry: str, offset: int
) -> None:
    for action_id in (action_values.DOWN, action_values.STAY, action_values.UP, action_values.TO):
        turn = TurnDial(answer, threshold)
        assert action_values.read(action_id, action_values.write(turn)) == turn
        told = replace(turn, shown=turn.threshold)
        assert action_values.read(action_id, action_values.write(told)) == told
    up, down = Vote(answer, entry, "helpful"), Vote(answer, entry, "not helpful")
    assert [action_values.read(action_values.VOTE, action_values.write(vote)) for vote in (up, down)] == [
        up,
        down,
    ]
    assert action_values.read(action_values.MORE, action_values.write(ShowMore(answer, offset))) == ShowMore(
        answer, offset
    )


@pytest.mark.parametrize(
    ("action_id", "value"),
    [("dial:up", "a:1.5"), ("dial:up", "a:-0.1"), ("dial:up", "a:nan"), ("dial:up", ":0.5"),
     ("dial:to", "0.5"),
     ("dial:up", "a:1e-1"), ("dial:up", "a:０.5"), ("vote", "up:a"), ("vote", "yes:a:b"), ("vote", ""),
     ("more", "a:-1"), ("more", "a:" + "9" * 400), ("more", "5")],
)  # fmt: skip
def test_a_value_we_never_wrote_is_told_apart(action_id: str, value: str) -> None:
    with pytest.raises(action_values.BrokenClick):
        action_values.read(action_id, value)


@given(st.text(), st.text())
def test_other_elements_are_not_ours(action_id: str, value: str) -> None:
    assert action_values.read("x" + action_id, value) is None
