from __future__ import annotations

import pytest

from bot.domain import Membership, Person
from bot.platforms.http_post import Outgoing
from bot.platforms.slack.user_names import BELIEVED_SECONDS, FRESH_SECONDS, REFUSED_SECONDS, People
from bot.platforms.slack.workspaces import Workspaces
from tests.bot.store.building import HandClock
from tests.support.slack import HTML, Fault, RecordingSlack, error

ANN = Person("slack", "T1", "U1")
BOB = Person("slack", "T1", "U2")


@pytest.fixture
def clock() -> HandClock:
    return HandClock()


@pytest.fixture
def people(slack: RecordingSlack, clock: HandClock) -> People:
    return People(Workspaces("xoxb-1", slack.api_url, Outgoing(total_seconds=0.5), clock), clock)


def test_a_person_is_asked_for_once_an_hour(people: People, slack: RecordingSlack, clock: HandClock) -> None:
    assert [people.with_name(ANN).name, people.with_name(ANN).name] == ["name-of-U1", "name-of-U1"]
    assert slack.calls == [("users.info", {"user": "U1", "include_locale": "1"})]
    clock.go_on(FRESH_SECONDS)
    people.with_name(ANN)
    assert len(slack.calls) == 2


def test_who_has_a_name_or_is_not_of_slack_is_left_as_they_are(people: People, slack: RecordingSlack) -> None:
    for person in (Person("slack", "T1", "U1", "ann"), Person("wecom", "w", "U1"), Person("", "", "")):
        assert people.with_name(person) == person
    assert slack.calls == []


def test_without_a_token_nobody_is_asked(slack: RecordingSlack, clock: HandClock) -> None:
    assert People(Workspaces("", slack.api_url, Outgoing(), clock), clock).with_name(ANN) == ANN
    assert slack.calls == []


@pytest.mark.parametrize("trouble", [error("missing_scope", needed="users:read"), HTML, Fault(status=0)])
def test_a_slack_that_tells_no_names_is_not_asked_again_for_a_while(
    people: People, slack: RecordingSlack, clock: HandClock, trouble: Fault
) -> None:
    slack.will("users.info", trouble)
    assert (people.with_name(ANN), people.with_name(BOB)) == (ANN, BOB)
    assert len(slack.calls) == 1
    clock.go_on(REFUSED_SECONDS)
    assert people.with_name(ANN).name == "name-of-U1"


def test_one_person_who_cannot_be_seen_hides_no_other(people: People, slack: RecordingSlack) -> None:
    slack.will("users.info", error("user_not_visible"))
    assert (people.with_name(ANN), people.with_name(ANN)) == (ANN, ANN)
    assert people.with_name(BOB).name == "name-of-U2"


def test_a_name_holds_nothing_that_no_database_should_see(people: People, slack: RecordingSlack) -> None:
    slack.will("users.info", Fault(body='{"ok":true,"user":{"name":"a\\u0000\\ud800nn"}}'))
    assert people.with_name(ANN).name == "a\ufffdnn"
    slack.will("users.info", Fault(body='{"ok":true,"user":["odd"]}'))
    assert people.with_name(BOB) == BOB


@pytest.mark.parametrize(
    ("profile", "said"),
    [
        ({}, Membership.MEMBER),
        ({"is_restricted": True}, Membership.OUTSIDER),
        ({"is_ultra_restricted": True}, Membership.OUTSIDER),
        ({"is_stranger": True}, Membership.OUTSIDER),
        ({"is_bot": True}, Membership.OUTSIDER),
        ({"deleted": True, "is_restricted": None}, Membership.OUTSIDER),
        ({"team_id": "T2"}, Membership.OUTSIDER),
        ({"team_id": "T2", "enterprise_user": {"enterprise_id": "E2"}}, Membership.OUTSIDER),
        ({"team_id": None}, Membership.UNKNOWN),
        ({"is_restricted": None}, Membership.UNKNOWN),
        ({"is_ultra_restricted": "no"}, Membership.UNKNOWN),
    ],
)
def test_only_a_full_member_of_our_workspace_is_one(
    people: People, slack: RecordingSlack, profile: dict[str, object], said: Membership
) -> None:
    slack.profiles["U1"] = profile
    assert people.membership_of(ANN) is said


def test_in_an_enterprise_any_of_its_workspaces_is_ours(people: People, slack: RecordingSlack) -> None:
    slack.will("auth.test", Fault(body='{"ok":true,"team_id":"T1","enterprise_id":"E1"}'))
    slack.profiles["U1"] = {"team_id": "T7", "enterprise_user": {"enterprise_id": "E1"}}
    assert people.membership_of(Person("slack", "E1", "U1")) is Membership.MEMBER


def test_who_somebody_is_is_asked_once_an_hour_with_their_name(
    people: People, slack: RecordingSlack, clock: HandClock
) -> None:
    assert people.with_name(ANN).name == "name-of-U1"
    assert people.membership_of(ANN) is Membership.MEMBER
    assert people.membership_of(BOB) is Membership.MEMBER
    assert slack.methods() == ["users.info", "auth.test", "users.info"]
    slack.profiles["U1"] = {"is_restricted": True}
    clock.go_on(FRESH_SECONDS)
    assert people.membership_of(ANN) is Membership.OUTSIDER


def test_what_slack_said_counts_for_a_day_while_it_says_nothing(
    people: People, slack: RecordingSlack, clock: HandClock
) -> None:
    people.membership_of(ANN)
    slack.will("users.info", HTML, HTML, HTML, HTML)
    clock.go_on(FRESH_SECONDS)
    assert people.membership_of(ANN) is Membership.MEMBER
    assert people.membership_of(BOB) is Membership.UNKNOWN
    clock.go_on(BELIEVED_SECONDS)
    assert people.membership_of(ANN) is Membership.UNKNOWN


@pytest.mark.parametrize("person", [Person("wecom", "w", "U1"), Person("slack", "T1", "")])
def test_whom_slack_cannot_know_it_is_not_asked_about(
    people: People, slack: RecordingSlack, person: Person
) -> None:
    assert people.membership_of(person) is Membership.UNKNOWN
    assert slack.calls == []


def test_without_a_token_nobody_is_known(slack: RecordingSlack, clock: HandClock) -> None:
    people = People(Workspaces("", slack.api_url, Outgoing(), clock), clock)
    assert people.membership_of(ANN) is Membership.UNKNOWN
    assert slack.calls == []
