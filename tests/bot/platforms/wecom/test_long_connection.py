from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from bot.domain import Channel, PlatformError
from bot.platforms.link import State
from bot.platforms.websocket import WebSocketWire, WireLostError
from bot.platforms.wecom.long_connection import FrameRefused, RobotConnection
from bot.platforms.wecom.robot_api import RobotApi
from bot.platforms.wecom.socket_protocol import Called
from tests.support.hang_guard import HANG_SECONDS
from tests.support.wecom_api import VirtualClock
from tests.support.wecom_socket import SocketWeCom

G1 = Channel("wecom", "AIBOT1", "group:G1")


class Robot:
    """Our side, over a real socket, started."""

    def __init__(self, wecom: SocketWeCom, *, secret: str = "S1k7Qm2xRz", ack_seconds: float = 5.0) -> None:
        self.wecom = wecom
        self.calls: list[Called] = []
        self.alarms: list[str] = []
        self.connection = RobotConnection(
            bot_id="AIBOT1",
            secret=secret,
            open_wire=lambda: WebSocketWire(wecom.url),
            clock=wecom.clock,
            on_call=self._take,
            alarm=self._alarm,
            ack_seconds=ack_seconds,
            read_seconds=0.02,
        )
        self.api = RobotApi(self.connection)
        self._changed = threading.Condition()

    def _take(self, called: Called) -> None:
        with self._changed:
            self.calls.append(called)
            self._changed.notify_all()

    def _alarm(self, text: str) -> None:
        with self._changed:
            self.alarms.append(text)
            self._changed.notify_all()

    def called(self, times: int = 1) -> Called:
        with self._changed:
            assert self._changed.wait_for(lambda: len(self.calls) >= times, timeout=5)
            return self.calls[-1]

    def alarmed(self) -> list[str]:
        with self._changed:
            assert self._changed.wait_for(lambda: bool(self.alarms), timeout=HANG_SECONDS)
            return self.alarms

    def becomes(self, state: State) -> None:
        assert self.connection.becomes(state, wait_seconds=HANG_SECONDS)


@contextmanager
def connected(*, secret: str = "S1k7Qm2xRz", ack_seconds: float = 5.0) -> Iterator[Robot]:
    with SocketWeCom(VirtualClock()) as wecom:
        robot = Robot(wecom, secret=secret, ack_seconds=ack_seconds)
        robot.connection.start()
        try:
            yield robot
        finally:
            robot.connection.stop()


def test_a_message_comes_in_and_its_answer_goes_out() -> None:
    with connected() as robot:
        request = robot.wecom.say("@知识库助手 能退吗")
        called = robot.called()
        assert (called.kind, called.request, called.body["chatid"]) == ("message", request, "G1")
        robot.api.answer(request, "s-1", "能。")
        (shown,) = robot.wecom.shown
        assert (shown.request, shown.kind, shown.text, shown.body["finish"]) == (
            request,
            "stream",
            "能。",
            True,
        )


def test_after_a_lost_connection_it_is_too_late_for_an_old_request() -> None:
    with connected() as robot:
        request = robot.wecom.say("能退吗")
        robot.called()
        robot.wecom.drop()
        robot.becomes("away")
        robot.wecom.clock.wait(1)
        robot.wecom.until(lambda: robot.wecom.subscriptions == 2)
        robot.becomes("live")
        assert robot.api.answer(request, "s-1", "能。") is False


def test_after_six_minutes_it_is_too_late_for_a_stream() -> None:
    with connected() as robot:
        request = robot.wecom.say("能退吗")
        robot.called()
        robot.wecom.clock.wait(361)
        assert robot.api.answer(request, "s-1", "能。") is False


def test_who_is_evicted_raises_an_alarm_and_does_not_fight() -> None:
    with connected() as robot:
        robot.becomes("live")
        robot.wecom.evict()
        assert robot.alarmed() == ["another program has taken over the long connection of this bot"]
        robot.wecom.clock.wait(3600)
        assert not robot.connection.step()
        assert robot.wecom.subscriptions == 1
        with pytest.raises(PlatformError, match="evicted"):
            robot.api.push(G1, {"msgtype": "markdown", "markdown": {"content": "x"}})


def test_who_is_chosen_anew_after_an_eviction_connects_again() -> None:
    """Two processes of ours, of which the database chose the other for a while."""
    with connected() as first:
        first.becomes("live")
        second = Robot(first.wecom)
        second.connection.start()
        second.becomes("live")
        first.alarmed()
        for robot in (first, second):
            robot.connection.stop()
        first.connection.start()
        first.becomes("live")
        assert first.wecom.subscriptions == 3


def test_a_second_program_takes_over_and_the_first_stays_away() -> None:
    with connected() as first:
        first.becomes("live")
        second = Robot(first.wecom)
        second.connection.start()
        assert first.alarmed()
        second.becomes("live")
        assert first.wecom.subscriptions == 2
        second.connection.stop()


def test_a_wrong_secret_raises_an_alarm_and_is_not_tried_again() -> None:
    with connected(secret="wrong") as robot:
        assert robot.alarmed() == ["the bot id or the secret is wrong"]
        robot.wecom.clock.wait(3600)
        assert not robot.connection.step()
        assert [frame["cmd"] for frame in robot.wecom.frames] == ["aibot_subscribe"]


def test_two_unanswered_pings_and_it_connects_again() -> None:
    with connected() as robot:
        robot.becomes("live")
        robot.wecom.is_deaf = True
        for pings in (1, 2):
            robot.wecom.clock.wait(30)
            robot.wecom.until(lambda pings=pings: _count(robot, "ping") == pings)  # type: ignore[misc]  # a loop's own lambda
        robot.wecom.is_deaf = False
        robot.wecom.clock.wait(30)
        robot.becomes("away")
        robot.wecom.clock.wait(1)
        robot.wecom.until(lambda: robot.wecom.subscriptions == 2)


def _count(robot: Robot, cmd: str) -> int:
    return sum(frame["cmd"] == cmd for frame in robot.wecom.frames)


def test_a_frame_nobody_acknowledges_may_have_arrived() -> None:
    with connected(ack_seconds=0.05) as robot:
        request = robot.wecom.say("能退吗")
        robot.called()
        robot.wecom.is_deaf = True
        with pytest.raises(PlatformError) as failed:
            robot.api.answer(request, "s-1", "能。")
        assert (failed.value.permanent, failed.value.maybe_sent) == (False, True)


def test_who_is_told_that_it_is_not_subscribed_subscribes_again() -> None:
    with connected() as robot:
        request = robot.wecom.say("能退吗")
        robot.called()
        robot.wecom.codes = [846609]
        with pytest.raises(FrameRefused) as refused:
            robot.api.answer(request, "s-1", "能。")
        assert not refused.value.permanent
        robot.becomes("away")
        robot.wecom.clock.wait(1)
        robot.wecom.until(lambda: robot.wecom.subscriptions == 2)
        robot.becomes("live")
        robot.api.push(G1, {"msgtype": "markdown", "markdown": {"content": "能。"}})
        assert [shown.text for shown in robot.wecom.shown] == ["能。"]


def test_over_thirty_a_minute_the_platform_is_left_in_peace() -> None:
    with connected() as robot:
        robot.wecom.say("能退吗")
        robot.called()
        message = {"msgtype": "markdown", "markdown": {"content": "x"}}
        for _ in range(30):
            robot.api.push(G1, message)
        with pytest.raises(FrameRefused) as refused:
            robot.api.push(G1, message)
        assert refused.value.retry_after_seconds == 60


def test_a_file_is_uploaded_in_pieces() -> None:
    content = bytes(range(256)) * 5_000
    with connected() as robot:
        robot.becomes("live")
        assert robot.api.upload("问题.csv", content) == "media-1"
        assert robot.wecom.files == {"问题.csv": content}
        assert _count(robot, "aibot_upload_media_chunk") == 3


def test_two_answers_to_one_request_never_cross() -> None:
    with connected() as robot:
        request = robot.wecom.say("能退吗")
        robot.called()
        threads = [
            threading.Thread(target=robot.api.answer, args=(request, "s-1", str(number)))
            for number in range(8)
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert {shown.text for shown in robot.wecom.shown} == {str(number) for number in range(8)}


def test_a_welcome_goes_out_from_within_the_call() -> None:
    with SocketWeCom(VirtualClock()) as wecom:
        robot = Robot(wecom)

        def welcome(called: Called) -> None:
            robot.connection.tell(
                "aibot_respond_welcome_msg", called.request, {"msgtype": "text", "text": {"content": "您好"}}
            )

        robot.connection._on_call = welcome
        robot.connection.start()
        wecom.enter()
        wecom.until(lambda: bool(wecom.shown))
        assert wecom.shown[0].text == "您好"
        robot.connection.stop()


def test_a_call_that_goes_wrong_on_our_side_does_not_end_the_connection(
    caplog: pytest.LogCaptureFixture,
) -> None:
    with connected() as robot:
        take = robot.connection._on_call

        def stumble(_called: Called) -> None:
            robot.connection._on_call = take
            raise RuntimeError("the store is away")

        robot.connection._on_call = stumble
        robot.wecom.say("能退吗")
        robot.wecom.say("能退吗")
        assert robot.called().request == "req-2"
    assert "the long connection goes on after an error" in caplog.text


def test_rubbish_on_the_line_is_passed_over() -> None:
    with connected() as robot:
        robot.becomes("live")
        for text in ("", "[]", "{", '{"cmd":"new_thing"}', '{"headers":{"req_id":"nobody"},"errcode":0}'):
            robot.wecom.send_raw(text)
        robot.wecom.say("能退吗")
        assert robot.called().body["msgtype"] == "text"


def test_stopping_twice_and_stopping_what_never_started_is_fine() -> None:
    with SocketWeCom(VirtualClock()) as wecom:
        robot = Robot(wecom)
        robot.connection.stop()
        robot.connection.start()
        robot.connection.start()
        robot.becomes("live")
        robot.connection.stop()
        robot.connection.stop()
        assert wecom.subscriptions == 1


def test_where_nobody_listens_there_is_no_wire() -> None:
    with pytest.raises(WireLostError):
        WebSocketWire("ws://127.0.0.1:9")
