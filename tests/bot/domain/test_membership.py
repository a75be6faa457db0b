from __future__ import annotations

import pytest

from bot.domain import Evidence, IncomingMessage, Membership, decide_membership
from bot.domain.json_codec import message_from_json, message_to_json
from tests.bot.store.building import a_message


@pytest.mark.parametrize(
    ("evidence", "said"),
    [
        (Evidence(), Membership.UNKNOWN),
        (Evidence(homes={"T1"}, ours={"T1"}), Membership.UNKNOWN),
        (Evidence(homes={"T1"}, is_limited=False), Membership.UNKNOWN),
        (Evidence(ours={"T1"}, is_limited=False), Membership.UNKNOWN),
        (Evidence(homes={"T1"}, ours={"T1"}, is_limited=False), Membership.MEMBER),
        (Evidence(homes={"T2", "E1"}, ours={"T1", "E1"}, is_limited=False), Membership.MEMBER),
        (Evidence(homes={"T2"}, ours={"T1"}, is_limited=False), Membership.OUTSIDER),
        (Evidence(homes={"T2"}, ours={"T1"}), Membership.OUTSIDER),
        (Evidence(homes={"T1"}, ours={"T1"}, is_limited=True), Membership.OUTSIDER),
        (Evidence(is_limited=True), Membership.OUTSIDER),
    ],
)
def test_one_word_against_somebody_is_enough_and_for_them_all_must_speak(
    evidence: Evidence, said: Membership
) -> None:
    assert decide_membership(evidence) is said


def test_whoever_is_not_known_to_be_a_member_is_from_outside() -> None:
    said = {one: _from(one).is_from_outside for one in Membership}
    assert said == {Membership.MEMBER: False, Membership.OUTSIDER: True, Membership.UNKNOWN: True}


def test_a_message_stored_before_this_was_asked_is_of_nobody_known() -> None:
    stored = message_to_json(_from(Membership.MEMBER)).replace(',"membership":"member"', "")
    assert "membership" not in stored
    assert message_from_json(stored).membership is Membership.UNKNOWN


def _from(membership: Membership) -> IncomingMessage:
    return a_message(membership=membership)
