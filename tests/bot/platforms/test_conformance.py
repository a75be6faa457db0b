"""What a platform promises, tested once and run for each, over the whole bot and a recording vendor.

A player is one way in and out: it says something in a room and tells what people of that
room have seen. Everything else is the real program.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Protocol

import pytest

from bot.domain import Delivery, Text
from bot.platforms.terminal.platform import incoming
from bot.texts import in_words
from tests.support.engine import a_knowledge_base
from tests.support.program import terminal_of
from tests.support.slack import Fault, RecordingSlack, recording_slack
from tests.support.slack_people import SECRET, SlackPeople, an_event
from tests.support.wecom_program import WecomProgram, a_wecom_program
from tests.support.wecom_socket import SocketWeCom

WORDS = ("lemon", "melon", "<@all> <!channel> fig")


class Player(Protocol):
    program: WecomProgram

    def say(self, text: str, room: str, *, again: int = 0) -> None:
        """Somebody writes to the bot; `again` times the platform sends the same message once more."""

    def seen(self, room: str) -> list[str]:
        """What was said there by us, oldest first."""

    def rung(self) -> int: ...


class SendingPlayer(Player, Protocol):
    """One that sends its answers by calls of our own, which may go wrong."""

    def refuse_for_good(self) -> None: ...
    def slow_down(self) -> None: ...
    def lose_the_answer(self) -> None: ...


class OnSlack:
    def __init__(self, program: WecomProgram, slack: RecordingSlack) -> None:
        self.program = program
        self._slack = slack
        self._numbers = itertools.count(1)

    def say(self, text: str, room: str, *, again: int = 0) -> None:
        people = SlackPeople(self.program.client, now=lambda: self.program.clock.seconds)
        number = next(self._numbers)
        for _ in range(1 + again):
            people.event(an_event(text=f"<@U0BOT> {text}", number=number, channel=room))

    def seen(self, room: str) -> list[str]:
        return [str(message["text"]) for message in self._slack.posted if message.get("channel") == room]

    def rung(self) -> int:
        return self._slack.rung

    def refuse_for_good(self) -> None:
        self._slack.will("chat.postMessage", Fault(body='{"ok":false,"error":"channel_not_found"}'))

    def slow_down(self) -> None:
        self._slack.will("chat.postMessage", Fault(429, "{}", headers={"Retry-After": "30"}))

    def lose_the_answer(self) -> None:
        self._slack.will("chat.postMessage", Fault(0, stores=True))


class OnWecomRobot:
    """Its answers are fetched by the platform, so no call of ours can go wrong."""

    def __init__(self, program: WecomProgram) -> None:
        self.program = program
        program.wecom.meanwhile = program.settle

    def say(self, text: str, room: str, *, again: int = 0) -> None:
        self.program.wecom.lose_answers(again)
        self.program.wecom.say(f"@kbdial {text}", chat=room)

    def seen(self, room: str) -> list[str]:
        wecom = self.program.wecom
        bubbles = [bubble.text for bubble in wecom.bubbles if bubble.chat == room]
        return bubbles + [sent.text for sent in wecom.api.seen if sent.to == f"group:{room}"]

    def rung(self) -> int:
        return len(self.program.wecom.rung) + len(self.program.wecom.api.rung)


class OnWecomApp:
    """A room is the direct chat of a person."""

    def __init__(self, program: WecomProgram) -> None:
        self.program = program

    def say(self, text: str, room: str, *, again: int = 0) -> None:
        self.program.wecom.api.users.add(room)
        self.program.application.lose_answers(again)
        self.program.application.say(text, user=room)

    def seen(self, room: str) -> list[str]:
        api = self.program.wecom.api
        return [sent.text for sent in api.seen if sent.to == room and sent.kind == "markdown"]

    def rung(self) -> int:
        return len(self.program.wecom.api.rung)

    def refuse_for_good(self) -> None:
        self.program.wecom.api.fail("message/send", 81013)

    def slow_down(self) -> None:
        self.program.wecom.api.fail("message/send", 45009)

    def lose_the_answer(self) -> None:
        self.program.wecom.api.fail("message/send", "reset after")


class OnWecomSocket:
    def __init__(self, program: WecomProgram, socket: SocketWeCom) -> None:
        self.program = program
        self._socket = socket
        self._rooms: dict[str, str] = {}

    def say(self, text: str, room: str, *, again: int = 0) -> None:
        request = self._socket.say(f"@kbdial {text}", chat=room)
        self._rooms[request] = room
        for _ in range(again):
            self._socket.repeat(request)

    def seen(self, room: str) -> list[str]:
        return [
            shown.text
            for shown in self._socket.shown
            if shown.chat == room and shown.kind in {"stream", "stream_with_template_card", "markdown"}
        ]

    def rung(self) -> int:
        return len(self._socket.rung)

    def refuse_for_good(self) -> None:
        """Of the codes of frames none is known to be for good."""

    def slow_down(self) -> None:
        self._socket.codes.append(45009)

    def lose_the_answer(self) -> None:
        self._socket.lost = 1


class OnTerminal:
    def __init__(self, program: WecomProgram) -> None:
        self.program = program
        self._heard: dict[str, list[str]] = {}

    def say(self, text: str, room: str, *, again: int = 0) -> None:
        heard = self._heard.setdefault(room, [])

        def listener(delivery: Delivery) -> None:
            reply = delivery.reply
            heard.append(reply.body if isinstance(reply, Text) else _words(delivery))

        line = incoming(room, text, "lin")
        for _ in range(1 + again):
            terminal_of(self.program.app).say(line, listener)

    def seen(self, room: str) -> list[str]:
        return self._heard.get(room, [])

    def rung(self) -> int:
        return 0


def _words(delivery: Delivery) -> str:
    reply = delivery.reply
    assert not isinstance(reply, Text)
    if hasattr(reply, "matches"):
        return " ".join(match.text for match in reply.matches)
    return in_words(reply).body


PLAYERS = ("slack", "wecom robot", "wecom connection", "wecom app")
SENDERS = ("slack", "wecom connection", "wecom app")


@contextmanager
def a_player(name: str, folder: Path) -> Iterator[Player]:
    base = a_knowledge_base(folder / "texts", *WORDS, threshold=0.8)
    with recording_slack() as slack:
        keys: dict[str, Any] = {
            "slack": {
                "signing_secrets": [SECRET],
                "bot_token": "xoxb-test",
                "api_url": slack.api_url,
                "response_hosts": [slack.origin],
            }
        }
        with a_wecom_program(folder, base, socket=name == "wecom connection", **keys) as program:
            yield _playing(name, program, slack)


def _playing(name: str, program: WecomProgram, slack: RecordingSlack) -> Player:
    match name:
        case "slack":
            return OnSlack(program, slack)
        case "wecom robot":
            return OnWecomRobot(program)
        case "wecom app":
            return OnWecomApp(program)
        case "terminal":
            return OnTerminal(program)
    assert program.socket is not None
    return OnWecomSocket(program, program.socket)


@pytest.fixture
def player(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Player]:
    with a_player(request.param, tmp_path) as player:
        yield player


def every(*names: str) -> Callable[..., object]:
    return pytest.mark.parametrize("player", names, indirect=True)


def settled(player: Player, room: str, count: int = 1) -> list[str]:
    player.program.settle(lambda: len(player.seen(room)) >= count)
    player.program.settle()
    return player.seen(room)


@every(*PLAYERS)
def test_a_repeated_message_is_answered_once(player: Player) -> None:
    player.say("lemon", "R1", again=2)
    seen = settled(player, "R1")
    assert [one for one in seen if "lemon" in one] == seen
    assert len(seen) == 1


@every(*PLAYERS)
def test_what_was_accepted_is_answered_after_a_crash(player: Player) -> None:
    program = player.program
    program.app.stop()
    with program.next_life(workers=0) as idle:
        player.program = idle
        if isinstance(player, OnWecomRobot):
            # Its people give up reading before there is an answer.
            idle.wecom.post(idle.wecom.message("@kbdial lemon", chat="R1"))
        else:
            player.say("lemon", "R1")
        # A connection has no second try: what was not read yet is lost with it.
        idle.settle(lambda: idle.app.inbox.counts()["received"] == 1)
    with program.next_life() as again:
        player.program = again
        if isinstance(player, OnWecomSocket):
            again.settle(lambda: again.connections() == {"inside": "live"})
        again.pass_time(400)
        assert "lemon" in settled(player, "R1")[-1]
    assert len(player.seen("R1")) == 1


@every(*PLAYERS)
def test_an_engine_that_is_away_is_told_once_and_answered_when_it_is_back(player: Player) -> None:
    program = player.program
    program.engine_door.is_shut = True
    player.say("lemon", "R1")
    told = settled(player, "R1")
    program.pass_time(30)
    assert player.seen("R1") == told
    program.engine_door.is_shut = False
    for _ in range(4):
        program.pass_time(60)
    seen = settled(player, "R1", 2)
    assert len(told) == 1
    assert "lemon" not in told[0]
    assert ["lemon" in one for one in seen] == [False, True]


@every(*PLAYERS, "terminal")
def test_a_threshold_belongs_to_one_room(player: Player) -> None:
    player.say("/threshold 0.65", "R1")
    settled(player, "R1")
    player.say("/threshold", "R1")
    player.say("/threshold", "R2")
    assert "0.65" in settled(player, "R1", 2)[1]
    assert "0.65" not in settled(player, "R2")[0]


@every(*PLAYERS)
def test_foreign_text_rings_nobody(player: Player) -> None:
    player.say("<@all> <!channel> fig", "R1")
    assert "fig" in settled(player, "R1")[0]
    assert player.rung() == 0


@every("slack", "wecom app")
def test_what_cannot_be_sent_becomes_a_dead_letter_at_once(player: SendingPlayer) -> None:
    """REL17: an error that names a reason which no second try can remove."""
    player.refuse_for_good()
    player.say("lemon", "R1")
    counts = player.program.app.outbox.counts
    player.program.settle(lambda: counts()["dead"] == 1)
    player.program.settle()
    assert (player.seen("R1"), counts()["waiting"]) == ([], 0)


@every(*SENDERS)
def test_a_platform_that_asks_for_time_gets_it(player: SendingPlayer) -> None:
    program = player.program
    player.slow_down()
    player.say("lemon", "R1")
    program.settle(lambda: program.app.outbox.counts()["waiting"] == 1)
    program.clock.wait(20)
    player.say("/language", "R2")
    settled(player, "R2")
    assert player.seen("R1") == []
    program.clock.wait(80)
    player.say("/language", "R3")
    assert len(settled(player, "R1")) == 1


@every(*SENDERS)
def test_what_may_have_arrived_is_not_seen_twice_where_the_platform_can_tell(player: SendingPlayer) -> None:
    """REL16: sent and shown, but the answer to the call was lost."""
    program = player.program
    player.lose_the_answer()
    player.say("lemon", "R1")
    settled(player, "R1")
    for room in ("R2", "R3"):
        program.clock.wait(10)
        player.say("/language", room)
        settled(player, room)
    program.settle(lambda: program.app.outbox.counts()["waiting"] == 0)
    # Over a new connection nobody can look: what an old request was told is pushed once more.
    assert len(player.seen("R1")) == (2 if isinstance(player, OnWecomSocket) else 1)
    assert program.app.outbox.counts()["dead"] == 0
