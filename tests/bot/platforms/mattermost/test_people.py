"""Who belongs to the server, and what people are called."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.domain import Membership, Person
from bot.platforms.mattermost.people import People, _profile_in
from bot.platforms.mattermost.web_api import WebApi
from tests.support.mattermost import BOT_TOKEN, BROKEN, Fault, Mattermost, a_mattermost
from tests.support.wecom_api import VirtualClock

TENANT = "chat.example.com"


@pytest.fixture
def clock() -> VirtualClock:
    return VirtualClock()


@pytest.fixture
def server(clock: VirtualClock) -> Iterator[Mattermost]:
    with a_mattermost(now=lambda: clock.seconds) as mattermost:
        yield mattermost


@pytest.fixture
def people(server: Mattermost, clock: VirtualClock) -> People:
    return People(WebApi(server.url, BOT_TOKEN, clock=clock), TENANT, clock)


def person(user_id: str) -> Person:
    return Person("mattermost", TENANT, user_id)


@pytest.mark.parametrize(
    ("about", "membership"),
    [
        ({}, Membership.MEMBER),
        ({"roles": "system_user system_admin"}, Membership.MEMBER),
        ({"roles": "system_guest"}, Membership.OUTSIDER),
        ({"remote_id": "r" * 26}, Membership.OUTSIDER),
        ({"is_bot": True}, Membership.OUTSIDER),
        ({"is_bot": "yes"}, Membership.OUTSIDER),
        ({"delete_at": 1790000000000}, Membership.OUTSIDER),
        ({"roles": None}, Membership.UNKNOWN),
        ({"roles": "", "remote_id": None}, Membership.UNKNOWN),
        ({"remote_id": 7}, Membership.UNKNOWN),
    ],
)
def test_only_full_members_of_this_server_are_members(
    people: People, server: Mattermost, about: dict[str, Any], membership: Membership
) -> None:
    assert people.membership_of(person(server.add_user("li", **about))) is membership


def test_who_is_not_known_there_is_an_outsider(people: People) -> None:
    assert people.membership_of(person("x" * 26)) is not Membership.MEMBER
    assert people.membership_of(Person("slack", "T1", "U1")) is Membership.UNKNOWN
    assert people.membership_of(person("")) is Membership.UNKNOWN


def test_a_name_is_asked_for_once_an_hour(people: People, server: Mattermost, clock: VirtualClock) -> None:
    li = person(server.add_user("li"))
    assert people.with_name(li).name == people.with_name(li).name == "li"
    assert len(server.calls) == 1
    server.users[li.id]["username"] = "li.na"
    clock.wait(3600)
    assert people.with_name(li).name == "li.na"
    assert people.with_name(Person("mattermost", TENANT, li.id, "Li")).name == "Li"


def test_what_was_told_counts_for_a_day_while_the_server_is_in_trouble(
    people: People, server: Mattermost, clock: VirtualClock
) -> None:
    li = person(server.add_user("li"))
    assert people.membership_of(li) is Membership.MEMBER
    server.will("GET", "users/.*", *[BROKEN] * 9)
    clock.wait(23 * 3600)
    assert people.membership_of(li) is Membership.MEMBER
    asked = len(server.calls)
    assert people.membership_of(li) is Membership.MEMBER
    assert len(server.calls) == asked, "it is left alone for half a minute"
    clock.wait(2 * 3600)
    assert people.membership_of(li) is Membership.UNKNOWN
    server.relent()
    clock.wait(60)
    assert people.membership_of(li) is Membership.MEMBER


def test_a_server_that_asks_for_time_gets_it(people: People, server: Mattermost, clock: VirtualClock) -> None:
    li = person(server.add_user("li"))
    server.will("GET", "users/.*", Fault(429, "", {"X-Ratelimit-Reset": "90"}))
    assert not people.is_bot(li.id)
    clock.wait(80)
    people.with_name(li)
    assert len(server.calls) == 1
    clock.wait(10)
    assert people.with_name(li).name == "li"


def test_bots_are_told_apart(people: People, server: Mattermost) -> None:
    assert people.is_bot(server.bot)
    assert not people.is_bot(server.add_user("li"))


ANY = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.text(max_size=12)
    | st.lists(st.text(max_size=4), max_size=2)
)
TOLD = ("username", "roles", "is_bot", "remote_id", "delete_at")


@settings(max_examples=100)
@given(st.fixed_dictionaries({}, optional=dict.fromkeys(TOLD, ANY | st.just("system_user"))))
def test_whatever_the_server_says_of_somebody_only_a_plain_yes_makes_a_member(user: dict[str, Any]) -> None:
    profile = _profile_in(user, TENANT)
    is_plain = "system_user" in str(user.get("roles")).split() and not user.get("delete_at")
    if profile.is_limited is False:
        assert is_plain
        assert user.get("is_bot", False) is False
