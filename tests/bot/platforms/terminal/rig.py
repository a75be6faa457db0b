"""The terminal as the conformance tests play it: whoever writes a line stays until it is answered."""

from __future__ import annotations

from typing import Any

from bot.domain import Answer, Delivery
from bot.platforms.terminal.platform import incoming
from bot.texts import in_words
from tests.support.platform_rig import Player
from tests.support.program import terminal_of
from tests.support.wecom_api import VirtualClock


class OnTerminal(Player):
    name = "terminal"
    answers_later = False

    def __init__(self, clock: VirtualClock) -> None:
        super().__init__(clock)
        self._heard: dict[str, list[str]] = {}

    @property
    def table(self) -> dict[str, Any]:
        return {}

    def say(self, text: str, room: str, *, again: int = 0) -> None:
        heard = self._heard.setdefault(room, [])
        line = incoming(room, text, "lin")
        for _ in range(1 + again):
            terminal_of(self.program.app).say(line, lambda delivery: heard.append(_in_words(delivery)))

    def seen(self, room: str) -> list[str]:
        return self._heard.get(room, [])

    def rung(self) -> int:
        return 0


def _in_words(delivery: Delivery) -> str:
    reply = delivery.reply
    if isinstance(reply, Answer):
        return " ".join(match.text for match in reply.matches)
    return in_words(reply).body


PLAYERS = (OnTerminal,)
