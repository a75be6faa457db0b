"""The toy as the conformance tests play it: the reply is the response."""

from __future__ import annotations

import itertools
from typing import Any

from tests.support.platform_rig import Player
from tests.support.wecom_api import VirtualClock


class OnToy(Player):
    name = "toy"
    answers_later = False

    def __init__(self, clock: VirtualClock) -> None:
        super().__init__(clock)
        self._numbers = itertools.count(1)
        self._seen: dict[str, list[str]] = {}

    @property
    def table(self) -> dict[str, Any]:
        return {"password": "open"}

    def say(self, text: str, room: str, *, again: int = 0) -> None:
        headers = {"Authorization": "open", "X-Id": str(next(self._numbers))}
        for _ in range(1 + again):
            answer = self.program.client.post(f"/toy/{room}", data=text.encode(), headers=headers)
            if answer.text:
                self._seen.setdefault(room, []).append(answer.text)

    def seen(self, room: str) -> list[str]:
        return self._seen.get(room, [])

    def rung(self) -> int:
        return 0


PLAYERS = (OnToy,)
