"""The bot over a PostgreSQL server: several processes share the work, and the server goes away."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager
from io import StringIO
from pathlib import Path

import pytest
import requests

from bot.cli import operator
from bot.cli.check import check
from bot.cli.serve import serve
from bot.process.lock import CannotStart, exclusive_data_dir
from bot.store import StoreError
from tests.faults.building import NOWHERE, BotHome, until
from tests.faults.loops import killed_again_and_again
from tests.support.hang_guard import HANG_SECONDS, hang_guard
from tests.support.history import answers_in
from tests.support.load_clients import Crowd, Line
from tests.support.postgresql import PostgreSQL
from tests.support.processes import Life
from tests.support.program import some_bot_settings
from tests.support.slack import RecordingSlack


@pytest.fixture
def url(postgresql: PostgreSQL) -> Iterator[str]:
    with postgresql.a_database() as url:
        yield url


@contextmanager
def working(home: BotHome) -> Iterator[Life]:
    with home.run("work") as life:
        life.until("started")
        yield life


def test_one_process_takes_what_comes_and_two_others_answer_it(
    url: str, tmp_path: Path, slack: RecordingSlack
) -> None:
    """REL27: claims are never doubled, and a room's answers come in the order of its questions."""
    home = BotHome(tmp_path, slack, database_url=url).migrated()
    with ExitStack() as closing_, home.run("serve", "--workers", "0") as web:
        web.until("started")
        workers = [closing_.enter_context(working(home)) for _ in range(2)]
        with Crowd(home.port, most=60, rooms=5) as crowd:
            crowd.join()
        verdict = home.verdict(crowd.acknowledged)
        answered = [len(life.events("answered")) for life in workers]
        for life in (web, *workers):
            life.ask_to_stop()
            assert life.exit_code(25) == 0

    assert verdict.is_good, verdict
    assert (verdict.answered, sum(answered)) == (60, 60)
    assert all(answered), "one of them did nothing"


@pytest.mark.parametrize(
    "is_whole", [pytest.param(False, id="short"), pytest.param(True, id="long", marks=pytest.mark.soak)]
)
def test_a_bot_whose_server_dies_says_503_and_recovers_by_itself(
    is_whole: bool, url: str, postgresql: PostgreSQL, tmp_path: Path, slack: RecordingSlack
) -> None:
    """REL27: kill -9 of the server at full load; what was acknowledged is kept, and answered once.

    A claim whose commit was cut off is nobody's until its lease is over, which the whole form waits for.
    """
    home = BotHome(tmp_path, slack, database_url=url).migrated()
    with home.start() as life, working(home), Crowd(home.port, pause_seconds=0.02) as crowd:
        crowd.until(lambda: len(crowd.acknowledged) >= 20)
        postgresql.kill()
        try:
            crowd.until(lambda: crowd.history[-1].status == 503)
            with closing(Line(home.port)) as line:
                refused = line.send(100_000)
            assert (refused.status, refused.seconds < HANG_SECONDS) == (503, True)
            assert requests.get(home.url + "/healthz", timeout=5).status_code == 200
            assert requests.get(home.url + "/readyz", timeout=5).status_code == 503
        finally:
            postgresql.start()
        back = time.monotonic()
        before = len(crowd.acknowledged)
        crowd.until(lambda: len(crowd.acknowledged) >= before + 20)
        first = crowd.first_answer_after(back)
        crowd.stop()
        verdict = home.verdict(crowd.acknowledged, seconds=60 if is_whole else 1)
        kept = home.states().keys()
        assert not life.has_ended

    assert first is not None
    assert first < HANG_SECONDS
    assert crowd.acknowledged <= kept
    assert verdict.doubled == ()
    assert verdict.is_good or not is_whole, verdict


def test_a_worker_that_is_killed_loses_nothing_of_what_it_had_in_hand(
    url: str, tmp_path: Path, slack: RecordingSlack
) -> None:
    """REL02, REL27: it dies with an item claimed, and another takes that over once the lease is over."""
    home = BotHome(tmp_path, slack, database_url=url).migrated()
    with home.run("serve", "--workers", "0") as web, closing(Line(home.port)) as line:
        web.until("started")
        with home.run("work", tampered="claimed") as dying:
            line.insist(1)
            dying.exit_code()
        with working(home):
            line.insist(2, channel="C2")
            until(lambda: 2 in answers_in(list(slack.posted)))
            assert home.states()[1] == "claimed", "a lease of another process is not ours to free"


@pytest.mark.soak
def test_nothing_acknowledged_is_lost_or_answered_twice_by_kill_9_of_the_bot(
    url: str, tmp_path: Path, slack: RecordingSlack
) -> None:
    """REL01, REL27. The next life cannot free the leases of the last, which could be another's."""
    home = BotHome(tmp_path, slack, database_url=url).migrated()

    ended = killed_again_and_again(home, kills=30, seed=27)

    assert ended.verdict.is_good, ended.verdict


@pytest.mark.soak
def test_a_lease_of_a_dead_process_is_taken_over_by_another(
    url: str, tmp_path: Path, slack: RecordingSlack
) -> None:
    """REL27: at most one lease (30 s) and one look of the keeper (2 s) later, and the start."""
    home = BotHome(tmp_path, slack, database_url=url).migrated()
    with home.run("serve", "--workers", "0") as web, closing(Line(home.port)) as line:
        web.until("started")
        with home.run("work", tampered="claimed") as dying:
            line.insist(1)
            dying.exit_code()
        with hang_guard(), working(home):
            assert home.verdict({1}, seconds=60).is_good


def test_the_commands_say_what_to_do_with_a_server(url: str, tmp_path: Path, slack: RecordingSlack) -> None:
    """A backup is the server's own business; a wrong address is a sentence, without its password."""
    settings = some_bot_settings(tmp_path, slack, database_url=url)
    for command in (operator.backup, operator.put_back):
        with pytest.raises((CannotStart, StoreError), match="for PostgreSQL use pg_dump and pg_restore"):
            command(settings, tmp_path / "copy")
    wrong = url.replace("kbdial@", "kbdial:hunter2@").rpartition("/")[0] + "/nothing"
    said = StringIO()
    assert check(some_bot_settings(tmp_path, slack, database_url=wrong, engine_url=NOWHERE), said) == 1
    assert "FAILED  database: the database cannot be reached: " in said.getvalue()
    assert 'database "nothing" does not exist' in said.getvalue()
    assert "hunter2" not in said.getvalue()


def test_a_long_connection_is_not_left_without_somebody_to_send_over_it(
    url: str, tmp_path: Path, slack: RecordingSlack
) -> None:
    robot = {"bot_id": "AIBOT1", "secret": "S1k7Qm2xRz"}
    settings = some_bot_settings(tmp_path, slack, database_url=url, wecom={"robot": {"support": robot}})
    with pytest.raises(CannotStart, match="--workers 0 leaves nobody to send over the long connection"):
        serve(settings, workers=0)


def test_a_second_bot_on_the_same_folder_stands_back_on_a_server_too(
    url: str, tmp_path: Path, slack: RecordingSlack
) -> None:
    """The database is shared; the socket that the commands come through is not."""
    home = BotHome(tmp_path, slack, database_url=url).migrated()
    with exclusive_data_dir(home.data), home.run("serve") as refused:
        assert refused.exit_code() == 1
    assert "in use by another kbdial" in refused.log[-1]["event"]
