"""The bot dies while Slack speaks to it over Socket Mode."""

from __future__ import annotations

import random
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.faults.building import BotHome
from tests.support.load_clients import COMMAND
from tests.support.postgresql import PostgreSQL
from tests.support.sabotage import DIED
from tests.support.slack import RecordingSlack
from tests.support.slack_people import an_event
from tests.support.slack_socket import APP_TOKEN, SocketSlack


def a_home(folder: Path, slack: RecordingSlack, database_url: str = "") -> BotHome:
    table = {
        "app_token": APP_TOKEN,
        "bot_token": "xoxb-test",
        "api_url": slack.api_url,
        "response_hosts": [slack.origin],
    }
    return BotHome(folder, slack, slack=table, database_url=database_url).migrated()


@contextmanager
def pouring(socket: SocketSlack, lines: int = 4) -> Iterator[None]:
    """Events at a steady load, each sent again until it is acknowledged, while the `with` lasts."""
    stop = threading.Event()

    def pour(first: int) -> None:
        number = first
        while not stop.is_set():
            room = {"channel": f"C{number % 20}", "user": f"U{number % 97}"}
            socket.insist(number, an_event(text=COMMAND, number=number, **room), stop)
            number += lines
            stop.wait(0.04)

    threads = [threading.Thread(target=pour, args=(first,)) for first in range(1, lines + 1)]
    for thread in threads:
        thread.start()
    try:
        yield
    finally:
        stop.set()
        for thread in threads:
            thread.join()


@pytest.mark.parametrize(
    ("kills", "events"),
    [pytest.param(3, 10, id="short"), pytest.param(100, 3_000, id="long", marks=pytest.mark.soak)],
)
def test_nothing_acknowledged_over_the_socket_is_lost_or_answered_twice_by_kill_9(
    kills: int, events: int, tmp_path: Path, slack: RecordingSlack
) -> None:
    home, chance = a_home(tmp_path, slack), random.Random(kills)
    with SocketSlack(slack) as socket:
        with pouring(socket):
            for _ in range(kills):
                with home.start() as life:
                    socket.connected()
                    threading.Event().wait(chance.uniform(0.05, 1.5))
                    life.kill()
        acknowledged = set(socket.taken)
        with home.start():
            verdict = home.verdict(acknowledged)
    assert verdict.is_good, verdict
    assert verdict.acknowledged >= events


@pytest.mark.parametrize("point", ["verified-not-committed", "committed-not-acked"])
def test_an_event_is_answered_once_wherever_the_bot_dies(
    point: str, tmp_path: Path, slack: RecordingSlack
) -> None:
    home, never = a_home(tmp_path, slack), threading.Event()
    event = an_event(text=COMMAND, number=1)
    with SocketSlack(slack) as socket:
        with home.start(tampered=point) as life:
            first = socket.event(event)
            assert life.exit_code() == DIED
        assert first not in socket.acknowledged
        with home.start():
            socket.insist(1, event, never)
            socket.insist(2, an_event(text=COMMAND, number=2), never)
            verdict = home.verdict({1, 2})
    assert verdict.is_good, verdict
    assert sorted(one["thread_ts"] for one in slack.posted) == ["1700000000.000001", "1700000000.000002"]


@pytest.mark.soak
def test_of_two_bots_on_a_server_one_is_connected_and_the_other_goes_on(
    postgresql: PostgreSQL, tmp_path: Path, slack: RecordingSlack
) -> None:
    """REL27: it takes over within the ten seconds between two elections, so this is for the long run."""
    never = threading.Event()
    with postgresql.a_database() as url, SocketSlack(slack) as socket:
        homes = [a_home(tmp_path / name, slack, url) for name in ("first", "second")]
        with homes[0].start() as first:
            socket.connected()
            with homes[1].start() as second:
                socket.insist(1, an_event(text=COMMAND, number=1), never)
                assert (socket.greetings, len(socket.live)) == (1, 1)
                first.kill()
                socket.insist(2, an_event(text=COMMAND, number=2), never)
                verdict = homes[1].verdict({1, 2})
                assert socket.greetings == 2
                assert second.events("answered")
    assert verdict.is_good, verdict
    assert verdict.answered == 2
