"""Membership in the company whose robot or application this is.

A robot inside the company is told no `corpid` of its own people, so whoever comes with another is of
another; a linked company's people have it before a slash in their id. Customers (external contacts)
have ids that begin with `wm`. Ids that begin with `wo` say nothing: members have them too.
"""

from __future__ import annotations

import re
from collections.abc import Collection

from bot.domain import Evidence, Membership, Person, decide_membership
from bot.platforms.wecom.parsed import NAME

OWN_COMPANY = ""
_external_contact = re.compile(r"wm[A-Za-z0-9_-]{30}")


def membership_in(corp_id: object, user_id: str, *, ours: Collection[str] = ()) -> Membership:
    """The membership that one message tells: from outside, or unknown. `ours`: our own corp ids."""
    home = corp_id if isinstance(corp_id, str) else OWN_COMPANY
    is_limited = True if _external_contact.fullmatch(user_id) else None
    return decide_membership(Evidence({home}, {OWN_COMPANY, *ours}, is_limited))


def membership_of(person: Person) -> Membership:
    """The membership that the id of somebody tells whose message told none."""
    if person.platform != NAME or not person.id:
        return Membership.UNKNOWN
    home, slash, _ = person.id.partition("/")
    is_limited = _external_contact.fullmatch(person.id) is not None
    return decide_membership(
        Evidence({home if slash else OWN_COMPANY}, {OWN_COMPANY, person.tenant}, is_limited)
    )
