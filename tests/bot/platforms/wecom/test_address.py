"""The stored form of an address is a contract: what was written is read, and nothing is added."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.platforms.wecom.address import WecomAddress

words = st.text(max_size=5)


@given(
    st.builds(
        WecomAddress,
        robot=words,
        app=words,
        stream=words,
        until=st.integers(0, 10**9).map(float),
        piece=st.none() | st.integers(0, 9),
        quiet=words,
    )
)
def test_an_address_is_read_as_it_was_written(address: WecomAddress) -> None:
    assert WecomAddress.from_mapping(address.to_mapping()) == address


@pytest.mark.parametrize(
    "stored",
    [
        {},
        {"robot": "support", "stream": "s-1", "until": "330", "response_url": "https://x.test/1"},
        {"robot": "inside", "request": "r1", "task": "t1"},
        {"app": "support", "user": "lisi", "message": "7"},
        {"app": "support", "user": "lisi", "task": "t1", "response_code": "c"},
        {"webhook": "inside", "stream": "s-1", "piece": "0"},
        {"quiet": "rating"},
    ],
)
def test_what_is_stored_stays_as_it_is(stored: dict[str, str]) -> None:
    assert WecomAddress.from_mapping(stored).to_mapping() == stored


def test_what_a_later_version_says_besides_is_passed_over() -> None:
    assert WecomAddress.from_mapping({"robot": "support", "mood": "good"}) == WecomAddress(robot="support")
    assert WecomAddress.from_mapping({}).is_empty
    assert not WecomAddress(piece=0).is_empty
