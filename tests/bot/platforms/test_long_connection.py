"""What every long connection does, whatever its platform says over it."""

from __future__ import annotations

import json
from collections import deque

import pytest

from bot.domain import PlatformError
from bot.platforms.link import Frame, Link, as_text
from bot.platforms.long_connection import LongConnection
from bot.platforms.websocket import Wire, WireLostError, WireRefusedError
from tests.support.wecom_api import VirtualClock


class PaperWire:
    """A line whose other end is a list. What is put on it is received, in order."""

    def __init__(self) -> None:
        self.sent: list[Frame] = []
        self.coming: deque[str | None] = deque()
        self.is_closed = False

    def put(self, *words: str) -> None:
        self.coming.extend(json.dumps({"says": word}) for word in words)

    def end(self) -> None:
        self.coming.append(None)

    def send(self, text: str) -> None:
        if self.is_closed:
            raise WireLostError("closed")
        self.sent.append(json.loads(text))

    def receive(self, wait_seconds: float) -> str | None:
        if self.is_closed:
            raise WireLostError("closed")
        if not self.coming:
            return None
        text = self.coming.popleft()
        if text is None:
            raise WireLostError("ended")
        return text

    def close(self) -> None:
        self.is_closed = True


class ToyLink(Link[str]):
    ping_seconds = 10.0

    def first_frame(self) -> Frame:
        return {"does": "greet"}

    def ping(self) -> Frame:
        return {"does": "ping"}

    def read(self, text: str | bytes, now: float) -> str | None:
        said: str = json.loads(text)["says"]
        match said:
            case "welcome":
                self.accept(now)
            case "not now":
                self.reject(now)
            case "renew":
                self.renew(now)
            case "off":
                self.refuse("it was switched off")
            case _:
                return said
        return None


class Toy:
    """A connection that is stepped by hand; `wires` is every line there was, the newest last."""

    def __init__(self) -> None:
        self.clock = VirtualClock()
        self.wires: list[PaperWire] = []
        self.heard: list[tuple[str, int]] = []  # and which line it came over
        self.alarms: list[str] = []
        self.losses = 0
        self.problems: list[Exception] = []
        self.connection: LongConnection[str] = LongConnection(
            "toy",
            new_link=ToyLink,
            open_wire=self._open,
            clock=self.clock,
            on_frame=self._hear,
            alarm=self.alarms.append,
            on_lost=self._lose,
            read_seconds=0.0,
        )

    def _open(self) -> Wire:
        if self.problems:
            raise self.problems.pop(0)
        self.wires.append(PaperWire())
        return self.wires[-1]

    def _hear(self, word: str, wire: Wire) -> None:
        self.heard.append((word, next(n for n, one in enumerate(self.wires) if one is wire)))

    def _lose(self) -> None:
        self.losses += 1

    def run(self) -> None:
        """Until there is nothing to do."""
        while self.connection.step():
            pass


@pytest.fixture
def toy() -> Toy:
    return Toy()


@pytest.fixture
def live(toy: Toy) -> Toy:
    toy.run()
    toy.wires[0].put("welcome")
    toy.run()
    assert toy.connection.state == "live"
    return toy


def test_it_greets_and_is_live_once_it_is_welcome(live: Toy) -> None:
    assert live.wires[0].sent == [{"does": "greet"}]
    live.wires[0].put("a question")
    live.run()
    assert live.heard == [("a question", 0)]


def test_another_line_is_opened_before_the_old_one_ends_and_both_are_read(live: Toy) -> None:
    live.wires[0].put("renew", "over the old one")
    live.run()
    assert (live.connection.is_live, live.wires[0].is_closed) == (False, False)
    live.wires[1].put("welcome", "over the new one")
    live.wires[0].put("still over the old one")
    live.run()
    assert live.connection.state == "live"
    assert sorted(live.heard) == [
        ("over the new one", 1),
        ("over the old one", 0),
        ("still over the old one", 0),
    ]
    live.wires[0].end()
    live.run()
    assert (live.wires[0].is_closed, live.connection.state, live.alarms) == (True, "live", [])


def test_a_line_that_should_have_ended_is_ended_after_a_minute(live: Toy) -> None:
    live.wires[0].put("renew")
    live.run()
    live.wires[1].put("welcome")
    live.run()
    live.clock.wait(59)
    live.run()
    assert not live.wires[0].is_closed
    live.wires[1].put("something, so that it is alive")
    live.clock.wait(1)
    live.run()
    assert live.wires[0].is_closed


def test_the_old_line_is_read_while_there_is_no_new_one_to_be_had(live: Toy) -> None:
    live.problems = [WireLostError("nobody there")]
    live.wires[0].put("renew", "meanwhile")
    live.run()
    assert (live.connection.state, live.heard) == ("away", [("meanwhile", 0)])
    live.clock.wait(1)
    live.run()
    assert len(live.wires) == 2


def test_what_is_said_on_the_old_line_does_not_open_a_third(live: Toy) -> None:
    live.wires[0].put("renew")
    live.run()
    live.wires[1].put("welcome")
    live.run()
    live.wires[0].put("renew")
    live.run()
    assert len(live.wires) == 2


@pytest.mark.parametrize("line", [0, 1])
def test_what_is_switched_off_is_over_whichever_line_says_so(live: Toy, line: int) -> None:
    live.wires[0].put("renew")
    live.run()
    live.wires[1].put("welcome")
    live.run()
    live.wires[line].put("off")
    live.run()
    assert live.alarms == ["it was switched off"]
    assert [wire.is_closed for wire in live.wires] == [True, True]
    live.clock.wait(3600)
    assert not live.connection.step()
    assert live.connection.state == "refused"


def test_who_is_refused_before_there_is_a_line_is_told_why(toy: Toy) -> None:
    toy.problems = [WireRefusedError("the token is wrong")]
    toy.run()
    assert (toy.alarms, toy.connection.state, toy.wires) == (["the token is wrong"], "refused", [])


def test_as_long_as_the_other_side_wishes_it_is_left_alone(toy: Toy) -> None:
    toy.problems = [WireLostError("too many tries", wait_seconds=90)]
    toy.run()
    assert toy.connection.try_again_at == toy.clock.steady() + 90


def test_whoever_waits_for_something_is_told_that_the_line_is_lost(live: Toy) -> None:
    live.wires[0].end()
    live.run()
    assert (live.losses, live.connection.state) == (1, "away")
    with pytest.raises(PlatformError, match="away"):
        live.connection.send({"does": "speak"})


def test_two_pings_that_nothing_follows_and_it_connects_again(live: Toy) -> None:
    for _ in range(2):
        live.clock.wait(10)
        live.run()
    assert live.wires[0].sent[1:] == [{"does": "ping"}] * 2
    live.clock.wait(10)
    live.run()
    assert (live.wires[0].is_closed, live.connection.state) == (True, "away")


def test_whatever_is_heard_answers_a_ping(live: Toy) -> None:
    for _ in range(5):
        live.clock.wait(10)
        live.wires[0].put("a question")
        live.run()
    assert live.connection.state == "live"


def test_stopping_ends_the_old_line_too(live: Toy) -> None:
    live.wires[0].put("renew")
    live.run()
    live.connection.stop()
    assert [wire.is_closed for wire in live.wires] == [True, True]
    assert live.connection.state == "away"


def test_frames_are_json_in_their_own_letters() -> None:
    assert as_text({"says": "退款"}) == '{"says": "退款"}'
