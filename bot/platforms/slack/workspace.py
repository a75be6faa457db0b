"""The installation of the app that a payload came through, by which the token for its answer is found.

A channel's tenant ("enterprise, else workspace") is not enough: two workspaces of one organisation that
installed the app each for itself have the same tenant and different tokens.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

MOST_TEAMS = 100
_MOST_SECONDS = 100_000_000_000
_id_form = re.compile(r"[A-Za-z0-9_-]{1,64}")


@dataclass(frozen=True, slots=True)
class Workspace:
    """`is_whole`: the app was installed for the whole organisation, whichever workspace it came from."""

    enterprise: str = ""
    team: str = ""
    is_whole: bool = False

    @property
    def tenant(self) -> str:
        """The name to keep settings under; channels keep their id across the workspaces of an enterprise."""
        return self.enterprise or self.team

    def to_address(self) -> dict[str, str]:
        """The part of a message's address that finds it again."""
        known = {"enterprise": self.enterprise, "team": self.team, "whole": "1" if self.is_whole else ""}
        return {name: value for name, value in known.items() if value}

    @classmethod
    def of_address(cls, address: Mapping[str, str]) -> Workspace | None:
        """The workspace of a stored address; None where it has none: nobody asked, or there was one only."""
        if not address.get("team") and not address.get("enterprise"):
            return None
        return cls(address.get("enterprise", ""), address.get("team", ""), address.get("whole") == "1")


@dataclass(frozen=True, slots=True)
class Removal:
    """The app is gone somewhere (`users` None), or the tokens of these users are.

    `at` (UTC) is when; None where Slack does not say.
    """

    workspace: Workspace
    why: str
    users: frozenset[str] | None
    at: datetime | None


@dataclass(frozen=True, slots=True)
class TeamAccess:
    """Workspaces of an organisation that were put into its install of the app, or taken out of it."""

    workspace: Workspace
    teams: tuple[str, ...]
    is_granted: bool
    at: datetime | None


def of_event(envelope: Mapping[str, Any]) -> Workspace:
    """The workspace that an event comes from. Never raises; what is no id is empty."""
    listed = envelope.get("authorizations")
    first = listed[0] if isinstance(listed, list) and listed else None
    authorization = first if isinstance(first, dict) else {}
    return Workspace(
        _first_id(
            authorization.get("enterprise_id"),
            envelope.get("context_enterprise_id"),
            envelope.get("enterprise_id"),
        ),
        _first_id(authorization.get("team_id"), envelope.get("context_team_id"), envelope.get("team_id")),
        authorization.get("is_enterprise_install") is True,
    )


def removal_in(envelope: Mapping[str, Any], event: Mapping[str, Any]) -> Removal | None:
    """The removal that `app_uninstalled` or `tokens_revoked` tells of; None where it concerns no bot."""
    why, users = str(event.get("type")), None
    if why == "tokens_revoked":
        tokens = event.get("tokens")
        bots = tokens.get("bot") if isinstance(tokens, dict) else None
        # User ids, not tokens. Those of people, under "oauth", are none of ours.
        users = (
            frozenset(one for one in bots if isinstance(one, str)) if isinstance(bots, list) else frozenset()
        )
        if not users:
            return None
    return Removal(of_event(envelope), why, users, _moment(envelope.get("event_time")))


def team_access_in(envelope: Mapping[str, Any], event: Mapping[str, Any]) -> TeamAccess | None:
    """The change in `team_access_granted` or `team_access_revoked`; None where it names no workspace."""
    listed = event.get("team_ids")
    teams = tuple(filter(None, map(_first_id, listed))) if isinstance(listed, list) else ()
    is_granted = event.get("type") == "team_access_granted"
    at = _moment(envelope.get("event_time"))
    return TeamAccess(of_event(envelope), teams[:MOST_TEAMS], is_granted, at) if teams else None


def of_command(form: Mapping[str, str]) -> Workspace:
    """The workspace that a slash command comes from."""
    return Workspace(
        _first_id(form.get("enterprise_id")),
        _first_id(form.get("team_id")),
        form.get("is_enterprise_install") == "true",
    )


def of_interaction(payload: Mapping[str, Any]) -> Workspace:
    """The workspace of a click. The team is null where the app is installed for the organisation."""
    enterprise = _first_id(_id_in(payload, "enterprise"))
    # Somebody's own workspace says where they are only within one organisation: a guest's is elsewhere.
    home = _id_in(payload, "user", "team_id") if enterprise else None
    return Workspace(
        enterprise, _first_id(_id_in(payload, "team"), home), payload.get("is_enterprise_install") is True
    )


def _id_in(payload: Mapping[str, Any], name: str, key: str = "id") -> object:
    value = payload.get(name)
    return value.get(key) if isinstance(value, dict) else None


def _first_id(*values: object) -> str:
    return next((one for one in values if isinstance(one, str) and _id_form.fullmatch(one)), "")


def _moment(seconds: object) -> datetime | None:
    if type(seconds) is not int or seconds <= 0:
        return None
    # Slack's own samples have microseconds in this place, too.
    whole = seconds / 1e6 if seconds > _MOST_SECONDS else float(seconds)
    return datetime.fromtimestamp(whole, UTC) if whole < _MOST_SECONDS else None
