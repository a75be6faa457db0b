from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.domain import IncomingMessage
from bot.platforms.slack.parser import BotIdentity, read_event, read_interaction
from bot.platforms.slack.workspace import (
    Removal,
    Workspace,
    of_command,
    of_event,
    of_interaction,
    removal_in,
)
from tests.support.slack_people import a_click, an_event

PLAIN = Workspace("", "T1")


def authorized(**fields: Any) -> dict[str, Any]:
    return an_event() | {"authorizations": [fields]}


@pytest.mark.parametrize(
    ("envelope", "found"),
    [
        (authorized(enterprise_id=None, team_id="T1"), PLAIN),
        (authorized(enterprise_id="E1", team_id="T2"), Workspace("E1", "T2")),
        (
            authorized(enterprise_id="E1", team_id="T2", is_enterprise_install=True),
            Workspace("E1", "T2", True),
        ),
        ({"team_id": "T1", "context_team_id": "T3", "context_enterprise_id": "E3"}, Workspace("E3", "T3")),
        ({"team_id": "T1", "enterprise_id": "E1"}, Workspace("E1", "T1")),
        ({"team_id": 5, "authorizations": ["x"]}, Workspace()),
        ({}, Workspace()),
    ],
)
def test_an_event_says_through_which_installation_it_came(envelope: dict[str, Any], found: Workspace) -> None:
    assert of_event(envelope) == found


def test_a_command_says_it_in_its_form() -> None:
    assert of_command({"team_id": "T1"}) == PLAIN
    form = {"team_id": "T2", "enterprise_id": "E1", "is_enterprise_install": "true"}
    assert of_command(form) == Workspace("E1", "T2", True)
    assert of_command(form | {"is_enterprise_install": "false"}) == Workspace("E1", "T2")


def test_a_click_in_an_organisation_has_no_team_but_that_of_the_person() -> None:
    click = {"team": None, "enterprise": {"id": "E1"}, "user": {"id": "U1", "team_id": "T2"}}
    assert of_interaction(click | {"is_enterprise_install": True}) == Workspace("E1", "T2", True)


def test_outside_an_organisation_nobodys_own_workspace_says_where_they_are() -> None:
    """Somebody of another company in a shared channel would bring the wrong one."""
    assert of_interaction({"team": None, "user": {"id": "U1", "team_id": "T2"}}) == Workspace()


@pytest.mark.parametrize("workspace", [PLAIN, Workspace("E1", "T1"), Workspace("E1", "", True)])
def test_an_address_keeps_all_of_it(workspace: Workspace) -> None:
    assert Workspace.of_address({"user": "U1"} | workspace.to_address()) == workspace
    assert Workspace.of_address({"user": "U1"}) is None


def test_two_workspaces_of_an_organisation_have_the_same_channels_and_not_the_same_address() -> None:
    readings = [
        read_event(an_event() | {"authorizations": [{"enterprise_id": "E1", "team_id": team}]}, BotIdentity())
        for team in ("T1", "T2")
    ]
    assert all(isinstance(reading, IncomingMessage) for reading in readings)
    first, second = (reading for reading in readings if isinstance(reading, IncomingMessage))
    assert first.channel == second.channel
    assert (first.address["team"], second.address["team"]) == ("T1", "T2")


def test_a_click_keeps_its_workspace_too() -> None:
    click = a_click({"action_id": "more", "value": "a:5", "action_ts": "1.1"}, enterprise={"id": "E1"})
    (reading,) = read_interaction(click)
    assert isinstance(reading, IncomingMessage)
    assert Workspace.of_address(reading.address) == Workspace("E1", "T1")


def gone(kind: str, **event: Any) -> object:
    return read_event(
        {
            "type": "event_callback",
            "team_id": "T1",
            "event_time": 1_700_000_000,
            "event": {"type": kind} | event,
        },
        BotIdentity(),
    )


def test_an_app_that_is_uninstalled_is_gone_for_everybody_there() -> None:
    at = datetime.fromtimestamp(1_700_000_000, UTC)
    assert gone("app_uninstalled") == Removal(PLAIN, "app_uninstalled", None, at)


def test_of_revoked_tokens_only_those_of_bots_matter() -> None:
    removal = gone("tokens_revoked", tokens={"oauth": ["U1"], "bot": ["U0BOT"]})
    assert isinstance(removal, Removal)
    assert removal.users == frozenset({"U0BOT"})
    assert not isinstance(gone("tokens_revoked", tokens={"oauth": ["U1"]}), Removal)
    assert not isinstance(gone("tokens_revoked", tokens={"bot": "U0BOT"}), Removal)


def test_a_time_in_microseconds_is_read_as_what_it_is() -> None:
    for time in (1_700_000_000, 1_700_000_000_000_000):
        removal = removal_in({"event_time": time}, {"type": "app_uninstalled"})
        assert removal is not None
        assert removal.at == datetime.fromtimestamp(1_700_000_000, UTC)


ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=6,
)
FIELDS = ("team_id", "enterprise_id", "authorizations", "event_time", "team", "enterprise", "user", "tokens")


@settings(max_examples=60)
@given(st.fixed_dictionaries({}, optional=dict.fromkeys(FIELDS, ANYTHING)))
def test_no_payload_makes_it_raise(payload: dict[str, Any]) -> None:
    for found in (of_event(payload), of_interaction(payload)):
        assert Workspace.of_address(found.to_address()) in {found, None}
    removal_in(payload, payload | {"type": "tokens_revoked"})
