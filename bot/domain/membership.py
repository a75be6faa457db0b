"""Membership: belonging to the organisation that the bot works for, or only sharing a channel with it.

Every platform says what it knows as `Evidence`, and only `decide_membership` decides. What nobody has
said is nobody's: a person of whom too little is known counts as outside.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from enum import StrEnum


class Membership(StrEnum):
    MEMBER = "member"
    OUTSIDER = "outsider"  # of another organisation, or a guest in ours
    UNKNOWN = "unknown"  # counts as outside


@dataclass(frozen=True, slots=True)
class Evidence:
    """A platform's evidence on one person.

    `homes`: the organisations (workspaces, companies, servers) that they belong to; `ours`: those
    that the bot is installed in. Either is empty where nothing is said. `is_limited`: whether they
    are a guest, or no longer there at all; None where nothing is said.
    """

    homes: Collection[str] = ()
    ours: Collection[str] = ()
    is_limited: bool | None = None


def decide_membership(evidence: Evidence) -> Membership:
    """One word against somebody is enough; for them all must speak."""
    is_known = bool(evidence.homes) and bool(evidence.ours)
    is_at_home = not set(evidence.homes).isdisjoint(evidence.ours)
    if evidence.is_limited or (is_known and not is_at_home):
        return Membership.OUTSIDER
    if is_known and evidence.is_limited is False:
        return Membership.MEMBER
    return Membership.UNKNOWN
