"""The bot dies, at random moments and at the worst ones, and is asked to stop."""

from __future__ import annotations

import http.client
import sqlite3
import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path

import pytest

from tests.faults.building import BotHome, a_true_engine
from tests.faults.loops import killed_again_and_again
from tests.support.engine_server import Call, EngineServer
from tests.support.hang_guard import hang_guard
from tests.support.load_clients import Crowd, Line
from tests.support.relay import Relay, Weather
from tests.support.sabotage import DIED
from tests.support.slack import RecordingSlack


@pytest.mark.parametrize(
    ("kills", "events"),
    [pytest.param(3, 10, id="short"), pytest.param(200, 10_000, id="long", marks=pytest.mark.soak)],
)
def test_nothing_acknowledged_is_lost_or_answered_twice_by_kill_9(
    kills: int, events: int, tmp_path: Path, slack: RecordingSlack
) -> None:
    """REL01."""
    home = BotHome(tmp_path, slack).migrated()

    ended = killed_again_and_again(home, kills=kills, seed=kills)

    assert ended.verdict.is_good, ended.verdict
    assert ended.verdict.acknowledged >= events


@pytest.mark.parametrize(
    ("point", "is_acknowledged"),
    [
        ("verified-not-committed", False),
        ("committed-not-acked", False),
        ("claimed", None),
        ("answer-stored-not-sent", None),
        ("sent-not-marked", None),
    ],
)
def test_an_event_is_answered_once_wherever_the_bot_dies(
    point: str, is_acknowledged: bool | None, tmp_path: Path, slack: RecordingSlack
) -> None:
    """REL02. None: the acknowledgement and the death race each other, and either may win."""
    home = BotHome(tmp_path, slack).migrated()
    line = Line(home.port)
    with home.start(tampered=point) as life:
        first = line.send(1)
        assert life.exit_code() == DIED
    if is_acknowledged is not None:
        assert (first.status == 200) is is_acknowledged

    with home.start():
        if first.status != 200:
            line.insist(1)
        verdict = home.verdict({1})
        # Everything that could still answer a second time has had its turn by then.
        line.insist(2)
        home.verdict({2})
    line.close()

    assert verdict.is_good
    assert [message["thread_ts"] for message in slack.posted] == ["1700000000.000001", "1700000000.000002"]


def test_a_setting_and_its_audit_row_are_written_together_or_not_at_all(
    tmp_path: Path, slack: RecordingSlack
) -> None:
    """REL02."""
    home = BotHome(tmp_path, slack).migrated()
    line = Line(home.port)
    with home.start(tampered="setting-written-audit-not") as life:
        line.send(1, "<@U0BOT> threshold 0.65")
        assert life.exit_code() == DIED
    written = _rows(home, "SELECT value FROM channel_setting"), _rows(home, "SELECT new FROM setting_change")

    with home.start():
        line.insist(1, "<@U0BOT> threshold 0.65")
        assert home.verdict({1}).is_good
    line.close()

    assert written == ([], [])
    assert _rows(home, "SELECT value FROM channel_setting") == [("0.65",)]
    assert _rows(home, "SELECT new FROM setting_change") == [("0.65",)]


def test_a_migration_that_was_killed_can_be_started_again(tmp_path: Path, slack: RecordingSlack) -> None:
    """REL02, REL09."""
    home = BotHome(tmp_path, slack)
    with home.run("migrate", tampered="migration-half-done") as life:
        assert life.exit_code() == DIED
    assert not home.database.exists()
    with home.run("serve") as life:
        assert life.exit_code() == 1
        assert "python -m bot migrate" in life.log[-1]["event"]

    home.migrated()

    with home.start(), Crowd(home.port, most=1) as crowd:
        crowd.join()
        assert home.verdict(crowd.acknowledged).is_good


def test_a_stop_under_full_load_finishes_what_is_under_way_and_frees_the_rest(
    tmp_path: Path, slack: RecordingSlack
) -> None:
    """REL03. The engine is slow and Slack answers nothing at all: both hold workers to the last."""
    asked, go = threading.Semaphore(0), threading.Event()

    def slow(call: Call) -> None:
        asked.release()
        go.wait(4)
        a_true_engine(call)

    with (
        EngineServer(slow) as engine,
        Relay(int(slack.origin.rpartition(":")[2])) as cable,
        ThreadPoolExecutor(1) as pool,
    ):
        cable.weather = Weather(loses_answers=True)
        home = BotHome(
            tmp_path, slack, engine_url=engine.url, slack_url=f"http://127.0.0.1:{cable.port}"
        ).migrated()
        with home.start() as life:
            command = pool.submit(_asks, home.port)
            assert asked.acquire(timeout=20)
            with Crowd(home.port, most=50, text=lambda _: "<@U0BOT> which fruit is yellow?") as crowd:
                crowd.join()
            kept = http.client.HTTPConnection("127.0.0.1", home.port, timeout=5)
            assert _readiness(kept) == 200
            life.ask_to_stop()
            with hang_guard():
                life.until("stopping")
                assert _readiness(kept) in {503, 0}
                kept.close()
                go.set()
                assert command.result(20) == 200
                assert life.exit_code(25) == 0
        assert not _rows(home, "SELECT id FROM inbox WHERE state = 'claimed'")
        assert not _rows(home, "SELECT id FROM outbox WHERE state = 'sending'")

        cable.weather = Weather()
        with home.start():
            verdict = home.verdict(crowd.acknowledged)
    assert verdict.is_good, verdict


def test_a_second_signal_stops_at_once_and_harms_nothing(tmp_path: Path, slack: RecordingSlack) -> None:
    """REL03."""
    go = threading.Event()

    def waits(call: Call) -> None:
        go.wait(30)
        a_true_engine(call)

    with EngineServer(waits) as engine:
        home = BotHome(tmp_path, slack, engine_url=engine.url).migrated()
        with home.start() as life:
            with Crowd(home.port, most=20, text=lambda _: "<@U0BOT> which fruit is yellow?") as crowd:
                crowd.join()
            life.ask_to_stop()
            life.until("stopping")
            life.ask_to_stop()
            assert life.exit_code(2) == 1
        go.set()
        engine.usual = a_true_engine

        with home.start():
            verdict = home.verdict(crowd.acknowledged)
    assert verdict.is_good, verdict


def _asks(port: int) -> int:
    """A slash command that waits for its answer in the response."""
    with closing(Line(port, seconds=20)) as line:
        return line.command(1000, "/ask", "yellow", channel_id="C99", user_id="U9").status


def _readiness(connection: http.client.HTTPConnection) -> int:
    try:
        connection.request("GET", "/readyz")
        answer = connection.getresponse()
        answer.read()
    except (OSError, http.client.HTTPException):
        return 0
    return answer.status


def _rows(home: BotHome, query: str) -> list[tuple[object, ...]]:
    with closing(sqlite3.connect(home.database)) as connection:
        return connection.execute(query).fetchall()
