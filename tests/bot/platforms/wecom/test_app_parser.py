from __future__ import annotations

from decimal import Decimal
from typing import get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.domain import Channel, IncomingMessage, Language, MessageKey, Person, Surface, TurnDial
from bot.platforms.payload import Ignored, Quarantined
from bot.platforms.wecom.app_parser import Alarm, App, read_app
from bot.platforms.wecom.parsed import (
    Declined,
    Malformed,
    Media,
    Reading,
    Welcome,
)
from bot.platforms.wecom.wording import wecom_wording
from tests.bot.platforms.wecom.vectors import vector

NOW = 1790000000
CORP = "wwtestcorp0000000001"
APP = App("support", CORP, 1000002)
ZHANGSAN = Person("wecom", CORP, "zhangsan")
CHANNEL = Channel("wecom", CORP, "app:1000002:zhangsan")


def read(xml: str) -> Reading | Malformed | Alarm:
    return read_app(xml.encode(), APP, now=NOW)


def xml_of(name: str, *changes: tuple[str, str]) -> str:
    xml: str = vector(name)["plaintext"]
    for old, new in changes:
        assert old in xml
        xml = xml.replace(old, new)
    return xml


def test_a_text_message_is_read_whole() -> None:
    assert read(xml_of("app-text-threshold")) == IncomingMessage(
        channel=CHANNEL,
        person=ZHANGSAN,
        keys=(MessageKey("MsgId", "7412345678901234567"),),
        surface=Surface.MESSAGE,
        text="/threshold 0.65",
        is_direct=True,
        address={"app": "support", "user": "zhangsan", "message": "7412345678901234567"},
    )


def test_the_end_of_a_cdata_section_may_be_part_of_the_text() -> None:
    reading = read(xml_of("app-text-cdata-end"))
    assert isinstance(reading, IncomingMessage)
    assert reading.text == "a]]>b"


def test_a_press_on_the_dial_turns_it() -> None:
    reading = read(xml_of("app-template-card-event", ("thr-0002", "dial@a1@x9")))
    assert isinstance(reading, IncomingMessage)
    assert reading.action == TurnDial("a1", Decimal("0.70"))
    assert reading.address == {
        "app": "support",
        "user": "zhangsan",
        "task": "dial@a1@x9",
        "response_code": "TEST_RESPONSE_CODE",
    }


def test_events_of_one_second_are_told_apart_by_all_they_hold() -> None:
    def keys(*changes: tuple[str, str]) -> tuple[MessageKey, ...]:
        reading = read(xml_of("app-template-card-event", ("thr-0002", "dial@a1@x9"), *changes))
        assert isinstance(reading, IncomingMessage)
        return reading.keys

    assert keys() == keys()
    others = [
        keys(),
        keys(("0.70", "0.75")),
        keys(("1790000002", "1790000003")),
        keys(("zhangsan", "lisi")),
        keys(("dial@a1@x9", "dial@a2@x9")),
    ]
    assert len(set(others)) == len(others)


def test_a_card_that_is_not_ours_is_ignored() -> None:
    assert read(xml_of("app-template-card-event")) == Ignored("not a card of ours")


def test_who_may_use_the_application_from_now_on_is_welcomed_once() -> None:
    subscribed = xml_of("app-enter-agent", ("enter_agent", "subscribe"))
    assert read(subscribed) == Welcome(CHANNEL, ZHANGSAN)
    assert read(xml_of("app-enter-agent")) == Ignored("unknown event type")


@pytest.mark.parametrize("media", get_args(Media))
def test_what_is_not_text_is_declined(media: Media) -> None:
    xml = xml_of("app-text-threshold", ("<![CDATA[text]]>", media))
    assert read(xml) == Declined(media, CHANNEL, ZHANGSAN)
    assert all(wecom_wording(language).media[media] for language in get_args(Language))


def test_an_application_about_to_be_suspended_raises_an_alarm() -> None:
    xml = xml_of("app-enter-agent", ("enter_agent", "inactive_alert"), ("zhangsan", ""))
    assert read(xml) == Alarm("inactive_alert")


def test_a_message_of_yesterday_is_put_aside() -> None:
    assert read(xml_of("app-text-threshold", ("1790000000", "1789900000"))) == Quarantined("stale", CORP)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("1000002", "1000003"),
        ("wwtestcorp", "wwothercorp"),
        ("<CreateTime>1790000000</CreateTime>", ""),
        ("1790000000", "now"),
        ("7412345678901234567", ""),
        ("zhangsan", "zhang san"),
    ],
)
def test_a_known_type_in_a_broken_shape_is_put_aside(old: str, new: str) -> None:
    assert isinstance(read(xml_of("app-text-threshold", (old, new))), Quarantined)


def test_who_sends_what_has_no_known_type_is_told_that_words_are_needed() -> None:
    reading = read(xml_of("app-text-threshold", ("<![CDATA[text]]>", "hologram")))
    assert isinstance(reading, Declined)
    assert reading.media == "message"


@pytest.mark.parametrize(
    "xml",
    ["", "<xml>", "text", '<!DOCTYPE x [<!ENTITY a "b">]><xml>&a;</xml>', "<a>" * 9_000 + "</a>" * 9_000],
)
def test_what_is_not_xml_is_malformed(xml: str) -> None:
    assert isinstance(read(xml), Malformed)


GENUINE = [xml_of(name) for name in ("app-text-threshold", "app-template-card-event", "app-enter-agent")]


@given(st.sampled_from(GENUINE), st.data())
def test_any_mutation_of_genuine_xml_is_read_as_something(xml: str, data: st.DataObject) -> None:
    start = data.draw(st.integers(0, len(xml)))
    end = data.draw(st.integers(start, len(xml)))
    read_app((xml[:start] + data.draw(st.text()) + xml[end:]).encode(), APP, now=NOW)


@given(st.binary())
def test_no_bytes_make_it_raise(body: bytes) -> None:
    read_app(body, APP, now=NOW)
