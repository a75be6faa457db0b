"""What the recording WeCom of the tests promises: without this, tests that use it prove little."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any

import pytest

from bot.domain import IncomingMessage
from bot.platforms.wecom.cards import threshold_card, update_card
from bot.platforms.wecom.envelope import Envelope, Refused, Signed
from bot.platforms.wecom.parsed import (
    Declined,
    Malformed,
    Poll,
    Reading,
    Robot,
    Welcome,
)
from bot.platforms.wecom.robot_parser import read_robot
from tests.bot.platforms.wecom.answers import an_answer
from tests.support.wecom import HttpAnswer, WeCom
from tests.support.wecom_api import VirtualClock

Answering = Callable[[Reading], dict[str, Any] | None]


def a_wecom(answering: Answering) -> WeCom:
    """A WeCom that calls the smallest bot there can be."""
    clock = VirtualClock()
    wecom = WeCom(clock, callback=lambda *_: HttpAnswer(500, b""))
    envelope = Envelope(token=wecom.token, encoding_aes_key=wecom.encoding_aes_key, clock=clock)
    robot = Robot("support", wecom.bot_id)

    def callback(method: str, _path: str, query: Mapping[str, str], body: bytes) -> HttpAnswer:
        signed = Signed.of(query)
        try:
            if method == "GET":
                return HttpAnswer(200, envelope.open_echo(signed))
            opened = envelope.open_json(signed, body)
        except Refused:
            return HttpAnswer(401, b"")
        reading = read_robot(opened.body, robot, now=clock.seconds)
        assert not isinstance(reading, Malformed)
        answer = answering(reading)
        sealed = envelope.seal_json(json.dumps(answer).encode(), signed.nonce) if answer else b""
        return HttpAnswer(200, sealed)

    wecom.callback = callback
    return wecom


def a_stream(stream: str, content: str, *, finish: bool = True) -> dict[str, Any]:
    return {"msgtype": "stream", "stream": {"id": stream, "finish": finish, "content": content}}


def at_once(reading: Reading) -> dict[str, Any]:
    assert isinstance(reading, IncomingMessage)
    return a_stream(reading.address["stream"], reading.text)


def test_the_address_is_verified() -> None:
    assert a_wecom(at_once).verify() == HttpAnswer(200, b"1616140317555161061")


def test_an_answer_at_once_is_seen_without_a_poll() -> None:
    bubble = a_wecom(at_once).say("能退吗")
    assert (bubble.text, bubble.is_finished, bubble.polls, bubble.calls) == ("能退吗", True, 0, 1)


def test_an_unfinished_stream_is_polled_until_it_is_done() -> None:
    polls: list[Poll] = []

    def answering(reading: Reading) -> dict[str, Any]:
        if isinstance(reading, Poll):
            polls.append(reading)
            return a_stream(reading.stream, "能。" if len(polls) == 3 else "…", finish=len(polls) == 3)
        assert isinstance(reading, IncomingMessage)
        return a_stream(reading.address["stream"], "…", finish=False)

    bubble = a_wecom(answering).say("能退吗")
    assert (bubble.texts, bubble.polls) == (["…", "…", "…", "能。"], 3)


def test_after_six_minutes_nobody_polls_any_more() -> None:
    def never(reading: Reading) -> dict[str, Any]:
        stream = reading.stream if isinstance(reading, Poll) else at_once(reading)["stream"]["id"]
        return a_stream(stream, "…", finish=False)

    bubble = a_wecom(never).say("能退吗")
    assert (bubble.is_finished, bubble.polls) == (False, 360)


def test_a_lost_answer_is_asked_for_again_three_times_in_all() -> None:
    wecom = a_wecom(at_once)
    wecom.lose_answers(2)
    assert wecom.say("能退吗").calls == 3
    wecom.lose_answers(3)
    assert wecom.say("能退吗").text == ""


def test_an_answer_after_five_seconds_is_no_answer() -> None:
    def slow(reading: Reading) -> dict[str, Any]:
        wecom.clock.wait(6)
        return at_once(reading)

    wecom = a_wecom(slow)
    assert wecom.say("能退吗").calls == 3
    assert wecom.bubbles == []


@pytest.mark.parametrize("took", [0, 6])
def test_a_press_is_sent_once_and_dropped_when_late(took: int) -> None:
    presses: list[IncomingMessage] = []

    def answering(reading: Reading) -> dict[str, Any]:
        assert isinstance(reading, IncomingMessage)
        answer = an_answer()
        card = threshold_card(answer.threshold, "zh", "dial@a1@1", says="先")
        if reading.action is None:
            stream = a_stream(reading.address["stream"], "能。")["stream"]
            return {"msgtype": "stream_with_template_card", "stream": stream, "template_card": card}
        presses.append(reading)
        wecom.clock.wait(took)
        return update_card(threshold_card(answer.threshold, "zh", "dial@a1@1", says="后"))

    wecom = a_wecom(answering)
    bubble = wecom.say("能退吗")
    card = wecom.press(bubble, "threshold:0.70")
    assert card is not None
    assert card["main_title"]["desc"] == ("先" if took else "后")
    assert len(presses) == 1


def test_entering_and_rating_take_their_own_answers() -> None:
    def answering(reading: Reading) -> dict[str, Any] | None:
        return {"msgtype": "text", "text": {"content": "您好"}} if isinstance(reading, Welcome) else None

    wecom = a_wecom(answering)
    assert wecom.enter() == "您好"
    wecom.rate("a1", accurate=False)


@pytest.mark.parametrize(
    ("answer", "complaint"),
    [
        ({"msgtype": "text", "text": {"content": "能"}}, "no answer to a message"),
        (a_stream("s", "字" * 6_827), "too long"),
        (a_stream("", "能"), "needs an id"),
    ],
)
def test_what_the_platform_would_refuse_fails_the_test(answer: dict[str, Any], complaint: str) -> None:
    with pytest.raises(AssertionError, match=complaint):
        a_wecom(lambda _: answer).say("能退吗")


def test_a_stream_belongs_to_one_message() -> None:
    wecom = a_wecom(lambda _: a_stream("s", "能"))
    wecom.say("一")
    with pytest.raises(AssertionError, match="another message"):
        wecom.say("二")


def test_it_counts_who_is_rung() -> None:
    wecom = a_wecom(at_once)
    wecom.say("<@all> <@lisi>")
    assert wecom.rung == ["all", "lisi"]


def test_pictures_are_declined_within_the_stream() -> None:
    def answering(reading: Reading) -> dict[str, Any]:
        assert isinstance(reading, Declined)
        return a_stream(reading.stream, reading.media)

    bubble = a_wecom(answering).say("", chat="", msgtype="image", image={"url": "https://x.test"})
    assert bubble.text == "image"
