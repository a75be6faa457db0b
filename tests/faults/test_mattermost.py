"""The connection to Mattermost while the bot dies, the server restarts and the socket is cut."""

from __future__ import annotations

import random
import threading
from collections import Counter
from pathlib import Path
from typing import Any, Self

import pytest

from bot.store import schema
from tests.support.mattermost import BOT_TOKEN
from tests.support.mattermost_integrations import IntegratedMattermost
from tests.support.postgresql import PostgreSQL
from tests.support.processes import Home

# Nothing listens there; what is asked needs no engine.
NOWHERE = "http://127.0.0.1:9"
# More than anybody needs, since what was missed is answered slowly in each.
ROOMS = 40


class Talk:
    """People who go on asking, in several rooms by turns, until the block ends."""

    def __init__(self, server: IntegratedMattermost, *, pause_seconds: float) -> None:
        self._server = server
        self._pause_seconds = pause_seconds
        self._li = server.add_user("li")
        self._rooms = [server.add_channel(f"room-{number}", self._li) for number in range(ROOMS)]
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._go_on)
        self.asked: list[str] = []

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._thread.join()

    def answers(self) -> Counter[str]:
        """The number of answers to each question."""
        return Counter(post["root_id"] for room in self._rooms for post in self._server.seen(room))

    def _go_on(self) -> None:
        while not self._over.wait(self._pause_seconds):
            room = self._rooms[len(self.asked) % ROOMS]
            self.asked.append(self._server.say(self._li, "@kbdial /language", room)["id"])


def a_home(folder: Path, server: IntegratedMattermost, database_url: str = "") -> Home:
    data = folder / "data"
    data.mkdir(parents=True)
    url = database_url or f"sqlite:///{data / 'bot.db'}"
    schema.migrate(url)
    bot: dict[str, Any] = {
        "listen": "127.0.0.1:0",
        "data_dir": str(data),
        "database_url": url,
        "engine_url": NOWHERE,
        "questions_per_minute": {"person": 100_000, "channel": 100_000},
        "mattermost": {"url": server.url, "bot_token": BOT_TOKEN},
    }
    return Home("bot", "started", folder, {"bot": bot})


@pytest.mark.parametrize(
    "kills", [pytest.param(3, id="short"), pytest.param(200, id="long", marks=pytest.mark.soak)]
)
def test_nothing_said_is_lost_or_answered_twice_by_kill_9(kills: int, tmp_path: Path) -> None:
    """REL01, over the connection: what was stored counts as acknowledged, what was not is read again."""
    chance = random.Random(kills)
    with IntegratedMattermost() as server:
        home = a_home(tmp_path, server)
        with home.start() as life:
            # What was said before it was ever there is not its business.
            server.until(lambda: bool(server.preferences))
            life.kill()
        talk = Talk(server, pause_seconds=0.1)
        with talk:
            for number in range(kills):
                with home.start() as life:
                    threading.Event().wait(chance.uniform(0.05, 1.5))
                    if number % 3 == 1:
                        server.sockets.forget()
                    elif number % 3 == 2:
                        server.sockets.drop()
                    life.kill()
        with home.start():
            # What waited is answered once in three seconds in each room.
            patience_seconds = 60 + 4 * len(talk.asked) / ROOMS
            server.until(lambda: len(talk.answers()) == len(talk.asked), patience_seconds)
    assert talk.asked
    assert talk.answers() == Counter(talk.asked)


@pytest.mark.soak
def test_of_two_bots_on_a_server_one_listens_and_the_other_goes_on(
    postgresql: PostgreSQL, tmp_path: Path
) -> None:
    """REL27: it takes over within the ten seconds between two elections, so this is for the long run."""
    with postgresql.a_database() as url, IntegratedMattermost() as server:
        li = server.add_user("li")
        room = server.add_channel("help", li)

        def is_answered(post: dict[str, Any]) -> bool:
            return [one["root_id"] for one in server.seen(room)].count(post["id"]) == 1

        homes = [a_home(tmp_path / name, server, url) for name in ("first", "second")]
        with homes[0].start() as first:
            server.until(lambda: bool(server.preferences))
            with homes[1].start():
                asked = [server.say(li, "@kbdial /language", room)]
                server.until(lambda: is_answered(asked[0]))
                assert server.sockets.handshakes == ["new"]
                first.kill()
                asked.append(server.say(li, "@kbdial /settings", room))
                server.until(lambda: is_answered(asked[1]), 60)
                assert server.sockets.handshakes == ["new", "new"]
        assert len(server.seen(room)) == len(asked)
