"""Clicks, menus and shortcuts, read."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from bot.domain import (
    Channel,
    IncomingMessage,
    Membership,
    MessageKey,
    Person,
    ShowMore,
    Surface,
    TurnDial,
    Vote,
)
from bot.platforms.payload import Ignored, Quarantined
from bot.platforms.slack.parser import BotIdentity, Reading, read_interaction
from tests.bot.platforms.slack.parsing import click, text_of
from tests.support.slack_people import a_click, a_shortcut


def test_a_click_is_known_by_message_person_element_and_time() -> None:
    reading = click({"action_id": "dial:up", "value": "a1:0.45"}, response_url="https://hooks.slack.com/x")
    assert reading == IncomingMessage(
        channel=Channel("slack", "T1", "C1"),
        person=Person("slack", "T1", "U1", "ann"),
        keys=(MessageKey("action", "1700000000.000009:U1:dial:up:1700000001.000001"),),
        surface=Surface.ACTION,
        action=TurnDial("a1", Decimal("0.45")),
        address={
            "user": "U1",
            "message_ts": "1700000000.000009",
            "response_url": "https://hooks.slack.com/x",
            "team": "T1",
        },
    )


def test_menus_are_read_by_what_was_picked() -> None:
    picked = {"text": {"type": "plain_text", "text": "Helpful"}, "value": "up:a1:e:1"}
    reading = click({"action_id": "vote", "type": "overflow", "selected_option": picked})
    assert isinstance(reading, IncomingMessage)
    assert reading.action == Vote("a1", "e:1", "helpful")
    assert click({"action_id": "dial:to", "selected_option": None}) == Ignored("nothing chosen")


def test_every_action_of_one_click_is_read() -> None:
    readings = read_interaction(
        a_click(
            {"action_id": "more", "value": "a:5", "action_ts": "1.1"},
            {"action_id": "somebody_elses", "value": "x", "action_ts": "1.1"},
        )
    )
    assert isinstance(readings[0], IncomingMessage)
    assert readings[0].action == ShowMore("a", 5)
    assert readings[1] == Ignored("not our button")


def test_an_answer_only_one_person_saw_is_remembered_as_such() -> None:
    container = {"message_ts": "1.1", "channel_id": "C1", "is_ephemeral": True, "thread_ts": "0.9"}
    reading = click({"action_id": "more", "value": "a:5"}, container=container)
    assert isinstance(reading, IncomingMessage)
    assert reading.address == {
        "user": "U1",
        "message_ts": "1.1",
        "thread_ts": "0.9",
        "ephemeral": "1",
        "team": "T1",
    }


def test_broken_clicks_are_put_aside_and_other_interactions_ignored() -> None:
    assert isinstance(click({"action_id": "more", "value": "a:-5"}), Quarantined)
    assert isinstance(click({"action_id": "more", "value": "a:5"}, user={}), Quarantined)
    assert isinstance(click({"action_id": "more", "value": "a:5"}, container=None), Quarantined)
    assert isinstance(read_interaction(a_click())[0], Quarantined)
    assert read_interaction({"type": "view_closed"}) == (Ignored("unknown interaction type"),)
    assert isinstance(read_interaction({"type": "view_submission"})[0], Quarantined)


def test_a_click_of_more_actions_than_slack_sends_is_put_aside_as_one() -> None:
    """Each action is a row, and Slack waits three seconds."""
    (reading,) = read_interaction(a_click(*[{"action_id": "more", "value": "a:5"}] * 21))
    assert reading == Quarantined("too many actions", "T1")


@pytest.mark.parametrize(
    ("user", "said"),
    [
        ({"team_id": "T1"}, Membership.UNKNOWN),
        ({"team_id": "T2"}, Membership.OUTSIDER),
        ({}, Membership.UNKNOWN),
    ],
)
def test_a_click_of_somebody_elses_workspace_says_so(user: dict[str, str], said: Membership) -> None:
    turn = {"action_id": "dial:up", "value": "a1:0.40:0.75", "action_ts": "1700000001.000001"}
    (reading,) = read_interaction(a_click(turn, user={"id": "U1"} | user))
    assert isinstance(reading, IncomingMessage), reading
    assert reading.membership is said


def shortcut(*given: Any, **fields: Any) -> Reading:
    (reading,) = read_interaction(a_shortcut(*given, **fields), BotIdentity(users=frozenset({"U0BOT"})))
    return reading


def test_the_shortcut_of_a_message_asks_it_for_one_person_alone() -> None:
    url = "https://hooks.slack.com/actions/x"
    assert shortcut("<@U0BOT> reset my &lt;password&gt;", response_url=url) == IncomingMessage(
        channel=Channel("slack", "T1", "C1"),
        person=Person("slack", "T1", "U1", "ann"),
        keys=(MessageKey("shortcut", "13345224609.738474920.8088930838d88f008e0"),),
        surface=Surface.COMMAND,
        text="/ask reset my <password>",
        private=True,
        address={"user": "U1", "response_url": url, "team": "T1"},
        membership=Membership.UNKNOWN,
    )


@pytest.mark.parametrize(
    ("fields", "read"),
    [
        ({"message": {"text": "/threshold 0"}}, "/ask /threshold 0"),
        ({"message": {"text": "", "files": [{}]}}, "/ask"),
        (
            {"message": {"text": "", "attachments": [{"is_share": True, "text": "old words"}]}},
            "/ask old words",
        ),
    ],
)
def test_whatever_the_message_says_the_shortcut_asks(fields: dict[str, Any], read: str) -> None:
    assert text_of(shortcut(**fields)) == read


@pytest.mark.parametrize(
    ("fields", "reading"),
    [
        ({"callback_id": "other"}, Ignored("not our shortcut")),
        ({"message": None}, Quarantined("message is not an object", "T1")),
        ({"channel": {}}, Quarantined("id is not an id", "T1")),
        ({"trigger_id": None}, Quarantined("trigger_id is not a text", "T1")),
    ],
)
def test_another_shortcut_is_ignored_and_a_broken_one_put_aside(
    fields: dict[str, Any], reading: Reading
) -> None:
    assert shortcut(**fields) == reading
