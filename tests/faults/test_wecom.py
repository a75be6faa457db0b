"""The bot dies while WeCom speaks to it over a robot's long connection.

The platform has no second try and takes no acknowledgement: what counts is what was stored. It has no name
for a repeat either, so an answer whose arrival a kill has hidden is said once more, and never a third time.
"""

from __future__ import annotations

import random
import sqlite3
import threading
from collections import Counter
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

import pytest

from bot.store import schema
from tests.faults.building import NOWHERE
from tests.support.processes import Home
from tests.support.wecom_socket import RunningClock, Shown, SocketWeCom

WORKERS = 4


class Talk:
    """Somebody who goes on asking, each time in another chat, until the block ends."""

    def __init__(self, wecom: SocketWeCom) -> None:
        self._wecom = wecom
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._go_on)
        self.asked = 0

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._thread.join()

    def _go_on(self) -> None:
        while not self._over.wait(0.02):
            self.asked += self._wecom.try_to_say("@kbdial /language", chat=f"G{self.asked}")


def a_home(folder: Path, wecom: SocketWeCom) -> Home:
    data = folder / "data"
    data.mkdir()
    url = f"sqlite:///{data / 'bot.db'}"
    schema.migrate(url)
    robot = {"bot_id": wecom.bot_id, "secret": wecom.secret, "socket_url": wecom.url}
    bot: dict[str, Any] = {
        "listen": "127.0.0.1:0",
        "data_dir": str(data),
        "database_url": url,
        "engine_url": NOWHERE,
        "workers": WORKERS,
        "wecom": {"robot": {"support": robot}},
    }
    return Home("bot", "started", folder, {"bot": bot})


def stored(folder: Path) -> set[str]:
    """The chats whose question was stored. The bot must be running."""
    with closing(sqlite3.connect(folder / "data" / "bot.db")) as connection:
        rows = connection.execute("SELECT channel FROM inbox").fetchall()
    return {channel.rpartition(":")[2] for (channel,) in rows}


def is_answer(shown: Shown) -> bool:
    return shown.kind == "markdown" or bool(shown.body.get("stream", shown.body).get("finish"))


@dataclass(frozen=True)
class Ended:
    """The end of a run: how often somebody asked, the chats with a stored question, the answers in each."""

    asked: int
    stored: frozenset[str]
    answers: Counter[str]

    @property
    def doubled(self) -> int:
        return sum(1 for count in self.answers.values() if count > 1)

    def __repr__(self) -> str:
        return (
            f"{self.asked} asked, {len(self.stored)} stored, {len(self.answers)} answered, "
            f"{self.doubled} of them twice"
        )


def killed_again_and_again(kills: int, folder: Path) -> Ended:
    chance = random.Random(kills)
    with SocketWeCom(RunningClock()) as wecom:
        home = a_home(folder, wecom)
        with Talk(wecom) as talk:
            for _ in range(kills):
                with home.start() as life:
                    threading.Event().wait(chance.uniform(0.05, 1.5))
                    life.kill()
        with home.start():
            kept = frozenset(stored(folder))
            wecom.until(lambda: kept <= {shown.chat for shown in wecom.shown if is_answer(shown)}, 60 + kills)
    return Ended(talk.asked, kept, Counter(shown.chat for shown in wecom.shown if is_answer(shown)))


@pytest.mark.parametrize(
    "kills", [pytest.param(2, id="short"), pytest.param(100, id="long", marks=pytest.mark.soak)]
)
def test_what_was_stored_over_the_socket_is_answered_by_a_bot_killed_again_and_again(
    kills: int, tmp_path: Path
) -> None:
    """REL01."""
    ended = killed_again_and_again(kills, tmp_path)
    assert ended.stored
    assert set(ended.answers) == ended.stored, ended
    assert max(ended.answers.values()) <= 2, ended
    assert ended.doubled <= kills * WORKERS, ended
