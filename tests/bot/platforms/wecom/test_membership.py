from __future__ import annotations

import json
from typing import Any

import pytest

from bot.domain import IncomingMessage, Membership, Person
from bot.platforms.wecom.membership import membership_of
from bot.platforms.wecom.parsed import Feedback, Robot
from bot.platforms.wecom.robot_parser import read_robot
from tests.bot.platforms.wecom.vectors import vector

CUSTOMER = "wm" + "A1b-" * 7 + "xy"
COLLEAGUE = "wo" + "A1b-" * 7 + "xy"
EVERY_KIND = (
    "aibot-group-threshold",
    "aibot-single-question",
    "aibot-template-card-event",
    "aibot-feedback-event",
)


def read_from(writer: dict[str, Any], name: str, corp_ids: frozenset[str] = frozenset()) -> Membership:
    given = vector(name)
    body = json.loads(given["plaintext"])
    if press := body.get("event", {}).get("template_card_event"):
        press |= {"event_key": "threshold:0.70", "task_id": "dial@a1@x9"}
    body["from"] = {"userid": "zhangsan"} | writer
    now = body.get("create_time", 1790000000)
    reading = read_robot(json.dumps(body).encode(), Robot("support", corp_ids=corp_ids), now=now)
    assert isinstance(reading, IncomingMessage | Feedback), reading
    return reading.membership


@pytest.mark.parametrize("name", EVERY_KIND)
def test_another_company_and_a_customer_are_outside_by_every_way_in(name: str) -> None:
    assert read_from({"corpid": "ww2"}, name) is Membership.OUTSIDER
    assert read_from({"corpid": "ww2"}, name, frozenset({"ww1"})) is Membership.OUTSIDER
    assert read_from({"userid": CUSTOMER}, name) is Membership.OUTSIDER
    assert read_from({}, name) is Membership.UNKNOWN
    assert read_from({"corpid": "ww1"}, name, frozenset({"ww1"})) is Membership.UNKNOWN


@pytest.mark.parametrize(
    ("person", "said"),
    [
        (Person("wecom", "ww1", "zhangsan"), Membership.MEMBER),
        (Person("wecom", "AIBOT", COLLEAGUE), Membership.MEMBER),
        (Person("wecom", "ww1", "ww1/zhangsan"), Membership.MEMBER),
        (Person("wecom", "ww1", "ww2/zhangsan"), Membership.OUTSIDER),
        (Person("wecom", "ww1", CUSTOMER), Membership.OUTSIDER),
        (Person("wecom", "ww1", ""), Membership.UNKNOWN),
        (Person("slack", "T1", "zhangsan"), Membership.UNKNOWN),
    ],
)
def test_an_id_says_whether_it_is_a_colleagues(person: Person, said: Membership) -> None:
    assert membership_of(person) is said
