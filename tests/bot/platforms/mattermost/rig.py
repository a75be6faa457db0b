"""Mattermost as the conformance tests play it: mentions over its WebSocket, answers by REST."""

from __future__ import annotations

from typing import Any

from tests.support.life import Life
from tests.support.mattermost import LOST, Fault
from tests.support.mattermost_integrations import IntegratedMattermost
from tests.support.mattermost_program import PUBLIC_URL, a_mattermost_table, readable
from tests.support.mattermost_requests import over_flask
from tests.support.platform_rig import SendingPlayer
from tests.support.wecom_api import VirtualClock


class OnMattermost(SendingPlayer):
    name = "mattermost"
    needs_web = True

    def __init__(self, clock: VirtualClock) -> None:
        super().__init__(clock)
        self._server = self.closing.enter_context(IntegratedMattermost(now=lambda: clock.seconds))
        self._li = self._server.add_user("li")
        # The bot is in them from the start.
        self._rooms = {name: self._server.add_channel(name.lower(), self._li) for name in ("R1", "R2", "R3")}

    @property
    def table(self) -> dict[str, Any]:
        return a_mattermost_table(self._server)

    def begin(self, program: Life) -> None:
        super().begin(program)
        self._server.call = over_flask(program.client)
        program.settle(lambda: bool(program.app.operations["mattermost"]({}, lambda _: None) == "live"))
        # What was said before it was ever there is not its business.
        program.settle(lambda: bool(self._server.preferences))

    def say(self, text: str, room: str, *, again: int = 0) -> None:
        post = self._server.say(self._li, f"@kbdial {text}", self._rooms[room])
        for _ in range(again):
            self._server.repeat(post["id"])

    def seen(self, room: str) -> list[str]:
        return [readable(post) for post in self._server.seen(self._rooms[room])]

    def rung(self) -> int:
        return len(self._server.rung)

    def refuse_for_good(self) -> None:
        self._server.will("POST", "posts", Fault(404, "app.channel.get.existing.app_error"))

    def slow_down(self) -> None:
        self._server.will("POST", "posts", Fault(429, headers={"X-Ratelimit-Reset": "30"}))

    def lose_the_answer(self) -> None:
        self._server.will("POST", "posts", LOST)


class OnMattermostWebhook(OnMattermost):
    """Posts that name nobody: an outgoing webhook alone tells of them."""

    name = "mattermost webhook"

    def __init__(self, clock: VirtualClock) -> None:
        super().__init__(clock)
        self._server.add_hook(self._li, f"{PUBLIC_URL}/mattermost/webhook", "kb")

    def say(self, text: str, room: str, *, again: int = 0) -> None:
        post = self._server.say(self._li, f"kb {text}", self._rooms[room])
        for _ in range(again):
            self._server.call_hooks(post["id"])


PLAYERS = (OnMattermost, OnMattermostWebhook)
