"""Payloads with any of their values replaced by anything: reading never raises."""

from __future__ import annotations

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from bot.domain import IncomingMessage, message_to_json
from bot.platforms.payload import Ignored, Quarantined
from bot.platforms.slack.parser import (
    Challenge,
    Reading,
    read_command,
    read_event,
    read_interaction,
    without_credentials,
)
from tests.bot.platforms.slack.parsing import OURS
from tests.support.slack_people import a_click, a_command, an_event

junk = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(st.characters()) | st.just("D1"),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=5,
)


def damaged(whole: dict[str, Any]) -> st.SearchStrategy[dict[str, Any]]:
    """The payload with any of its values, at any depth, replaced by anything."""

    def of(value: Any) -> st.SearchStrategy[Any]:
        if isinstance(value, dict):
            return junk | st.fixed_dictionaries({name: of(one) for name, one in value.items()})
        if isinstance(value, list):
            return junk | st.tuples(*map(of, value)).map(list)
        return st.just(value) | junk

    return st.fixed_dictionaries({}, optional={name: of(one) for name, one in whole.items()})


def storable(reading: Reading) -> bool:
    if isinstance(reading, IncomingMessage):
        message_to_json(reading).encode()
        return bool(reading.keys and reading.person.id and reading.channel.tenant)
    return isinstance(reading, Ignored | Quarantined | Challenge)


@given(damaged(an_event(thread_ts="1.1", channel_type="im", subtype="file_share", files=[])))
def test_no_event_makes_reading_raise(envelope: dict[str, Any]) -> None:
    assert storable(read_event({"type": "event_callback"} | envelope, OURS))
    without_credentials(envelope).encode()


@given(
    damaged(
        a_click(
            {"action_id": "more", "value": "a:5", "action_ts": "1.1", "selected_option": {"value": "a:5"}}
        )
    )
)
def test_no_click_makes_reading_raise(payload: dict[str, Any]) -> None:
    assert all(storable(reading) for reading in read_interaction({"type": "block_actions"} | payload))


@given(
    st.fixed_dictionaries(
        {}, optional={name: st.just(value) | st.text() for name, value in a_command().items()}
    )
)
def test_no_command_makes_reading_raise(form: dict[str, str]) -> None:
    assert storable(read_command(form, b"", "1", OURS))
