"""WeCom as the conformance tests play it: a robot by callback, one by connection, and an application."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from requests.adapters import BaseAdapter

from tests.support.life import Life
from tests.support.platform_rig import Player, SendingPlayer
from tests.support.wecom import HttpAnswer, WeCom, WeComApp
from tests.support.wecom_api import VirtualClock, WeComApi
from tests.support.wecom_program import some_wecom_tables
from tests.support.wecom_socket import SocketWeCom


class _Callbacks:
    """The bot's own address, as WeCom calls it."""

    program: Life

    def _called(self, method: str, path: str, query: Mapping[str, str], body: bytes) -> HttpAnswer:
        answer = self.program.client.open(path, method=method, query_string=dict(query), data=body)
        return HttpAnswer(answer.status_code, answer.data, answer.content_type)


class OnWecomRobot(_Callbacks, Player):
    """Its answers are fetched by the platform, so no call of ours can go wrong."""

    name = "wecom robot"

    def __init__(self, clock: VirtualClock) -> None:
        super().__init__(clock)
        self._wecom = WeCom(clock, callback=self._called)

    @property
    def table(self) -> dict[str, Any]:
        return some_wecom_tables()

    @property
    def transport(self) -> BaseAdapter:
        return self._wecom.api

    def begin(self, program: Life) -> None:
        super().begin(program)
        self._wecom.meanwhile = program.settle

    def say(self, text: str, room: str, *, again: int = 0) -> None:
        self._wecom.lose_answers(again)
        self._wecom.say(f"@kbdial {text}", chat=room)

    def say_and_leave(self, text: str, room: str) -> None:
        """Its people give up reading before there is an answer."""
        self._wecom.post(self._wecom.message(f"@kbdial {text}", chat=room))

    def seen(self, room: str) -> list[str]:
        bubbles = [bubble.text for bubble in self._wecom.bubbles if bubble.chat == room]
        return bubbles + [sent.text for sent in self._wecom.api.seen if sent.to == f"group:{room}"]

    def rung(self) -> int:
        return len(self._wecom.rung) + len(self._wecom.api.rung)


class OnWecomApp(_Callbacks, SendingPlayer):
    """A room is the direct chat of a person."""

    name = "wecom app"

    def __init__(self, clock: VirtualClock) -> None:
        super().__init__(clock)
        self._api = WeComApi(clock)
        self._app = WeComApp(clock, self._called, self._api)

    @property
    def table(self) -> dict[str, Any]:
        return some_wecom_tables()

    @property
    def transport(self) -> BaseAdapter:
        return self._api

    def say(self, text: str, room: str, *, again: int = 0) -> None:
        self._api.users.add(room)
        self._app.lose_answers(again)
        self._app.say(text, user=room)

    def seen(self, room: str) -> list[str]:
        return [sent.text for sent in self._api.seen if sent.to == room and sent.kind == "markdown"]

    def rung(self) -> int:
        return len(self._api.rung)

    def refuse_for_good(self) -> None:
        self._api.fail("message/send", 81013)

    def slow_down(self) -> None:
        self._api.fail("message/send", 45009)

    def lose_the_answer(self) -> None:
        self._api.fail("message/send", "reset after")


class OnWecomSocket(SendingPlayer):
    name = "wecom connection"
    needs_web = True
    refuses_for_good = False  # of the codes of frames none is known to be for good
    can_be_asked = False  # what an old request was told is pushed once more over a new connection

    def __init__(self, clock: VirtualClock) -> None:
        super().__init__(clock)
        self._api = WeComApi(clock)
        self._socket = self.closing.enter_context(SocketWeCom(clock))

    @property
    def table(self) -> dict[str, Any]:
        return some_wecom_tables(self._socket.url)

    @property
    def transport(self) -> BaseAdapter:
        return self._api

    def begin(self, program: Life) -> None:
        super().begin(program)
        program.settle(
            lambda: program.app.operations["connections"]({}, lambda _: None) == {"inside": "live"}
        )

    def say(self, text: str, room: str, *, again: int = 0) -> None:
        request = self._socket.say(f"@kbdial {text}", chat=room)
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

    def slow_down(self) -> None:
        self._socket.codes.append(45009)

    def lose_the_answer(self) -> None:
        self._socket.lost = 1


PLAYERS = (OnWecomRobot, OnWecomSocket, OnWecomApp)
