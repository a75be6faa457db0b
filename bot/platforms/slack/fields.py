"""The fields that every payload of Slack's has, read with care: ids, times, who and where."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any

from bot.domain import Evidence, Membership, decide_membership
from bot.platforms.payload import BrokenField, matching_in
from bot.platforms.slack import markup, workspace
from bot.platforms.slack.workspace import Workspace

NAME = "slack"
_id_form = re.compile(r"[A-Za-z0-9_-]{1,64}")
_ts_form = re.compile(r"[0-9]{1,20}(?:\.[0-9]{1,20})?")


def payload_tenant(payload: Mapping[str, Any]) -> str:
    # Both may be null: the enterprise outside an organisation, the team for its own installations.
    source = workspace.of_interaction(payload)
    return tenant_of(source.enterprise, source.team)


def tenant_or_empty(payload: Mapping[str, Any]) -> str:
    try:
        return payload_tenant(payload)
    except BrokenField:
        return ""


def tenant_of(enterprise: object, team: object) -> str:
    """Settings belong to the enterprise where there is one: its channels keep their id across workspaces."""
    return id_in({"team_id": enterprise or team}, "team_id")


def user_name(user: Mapping[str, Any]) -> str:
    name = user.get("name") or user.get("username")
    return markup.clean(name) if isinstance(name, str) else ""


def address_of(source: Workspace, **known: object) -> dict[str, str]:
    given = {name: markup.clean(value) for name, value in known.items() if isinstance(value, str) and value}
    return given | source.to_address()


def membership_of(
    *, homes: Iterable[object], teams: Iterable[object], enterprises: Iterable[object]
) -> Membership:
    """The membership that a payload alone proves: a foreign company, or UNKNOWN.

    An enterprise has many workspaces, and payloads do not say which are its own. Nor do they say
    who is a guest: for both Slack has to be asked.
    """
    known = {team for team in teams if isinstance(team, str)}
    home = next((team for team in homes if isinstance(team, str)), None)
    if home is None or any(isinstance(enterprise, str) for enterprise in enterprises):
        return Membership.UNKNOWN
    return decide_membership(Evidence(homes={home}, ours=known))


def id_inside(value: object) -> object:
    return value.get("id") if isinstance(value, dict) else None


def id_in(parent: Mapping[str, Any], name: str) -> str:
    return matching_in(parent, name, _id_form)


def ts_in(parent: Mapping[str, Any], name: str) -> str:
    return matching_in(parent, name, _ts_form, "a time stamp")


def text_or_empty(value: object) -> str:
    return value if isinstance(value, str) and _id_form.fullmatch(value) else ""
