"""The disk is full, the database is held, damaged, gone, or of another version."""

from __future__ import annotations

import sqlite3
import subprocess
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest
import requests

from tests.faults.building import BotHome, a_bot, until
from tests.support.hang_guard import HANG_SECONDS
from tests.support.history import states_in
from tests.support.load_clients import (
    OK,
    Crowd,
    Line,
    Sent,
)
from tests.support.slack import RecordingSlack
from tests.support.small_disk import a_small_disk, fill


def test_a_full_disk_refuses_what_is_new_and_recovers_by_itself(
    tmp_path: Path, slack: RecordingSlack
) -> None:
    """REL05."""
    with a_small_disk(tmp_path / "small") as disk:
        home = BotHome(tmp_path, slack, data=disk).migrated()
        with home.start() as life, closing(Line(home.port)) as line:
            line.insist(1)
            home.verdict({1})
            filled = disk / "filler"
            fill(filled)
            refused = _until_refused(line)
            assert refused.status == 503
            assert refused.seconds < HANG_SECONDS
            assert requests.get(home.url + "/healthz", timeout=5).status_code == 200
            until(lambda: requests.get(home.url + "/readyz", timeout=5).status_code == 503)
            assert requests.get(home.url + "/metrics", timeout=5).status_code == 200
            assert b"could not be saved" in line.command(600, "/threshold", "0.6 " + "x" * 3000).body

            subprocess.run(["mount", "-o", "remount,size=64m", str(disk)], check=True)
            until(lambda: line.send(1000).status == 200)
            assert home.verdict({1, 1000}).is_good
            life.ask_to_stop()
            assert life.exit_code() == 0
        with closing(sqlite3.connect(home.database)) as connection:
            assert connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)


def test_a_database_held_by_a_stranger_is_503_in_time_and_loses_nothing(
    tmp_path: Path, slack: RecordingSlack
) -> None:
    """REL06. The workers wait, and go on by themselves."""
    home = BotHome(tmp_path, slack).migrated()
    with home.start(), closing(Line(home.port)) as line:
        line.insist(1)
        with closing(sqlite3.connect(home.database, isolation_level=None)) as stranger:
            stranger.execute("BEGIN EXCLUSIVE")
            for number in (2, 3, 4):
                refused = line.send(number)
                assert refused.status == 503
                assert refused.seconds < HANG_SECONDS
            stranger.execute("ROLLBACK")
        for number in (2, 3, 4):
            line.insist(number)
        # All are of one channel: none waits for a lease that nobody keeps any more.
        assert home.verdict({1, 2, 3, 4}, seconds=15).is_good


def _cut_in_half(path: Path) -> None:
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])


def _emptied(path: Path) -> None:
    path.write_bytes(b"")


def _another_file(path: Path) -> None:
    path.write_bytes(b"PK\x03\x04 this is no database" * 400)


def _gone_but_for_its_log(path: Path) -> None:
    path.unlink()
    path.with_name("bot.db-wal").write_bytes(b"x")


DAMAGE: dict[str, Callable[[Path], None]] = {
    "truncated": _cut_in_half,
    "zero length": _emptied,
    "wrong file": _another_file,
    "gone, and its log is left": _gone_but_for_its_log,
}


@pytest.mark.parametrize("damage", DAMAGE)
def test_a_damaged_database_is_refused_with_the_command_that_helps_and_left_alone(
    damage: str, tmp_path: Path, slack: RecordingSlack
) -> None:
    """REL07. Bytes changed at random places are told by `quick_check`, see tests/bot/store/test_schema.py."""
    home = BotHome(tmp_path, slack).migrated()
    DAMAGE[damage](home.database)
    before = home.database.read_bytes() if home.database.exists() else None

    with home.run("serve") as served:
        assert served.exit_code() == 1
    with home.run("migrate") as migrated:
        assert migrated.exit_code() == 1

    assert "python -m bot" in served.log[-1]["event"]
    assert "restore" in migrated.log[-1]["event"]
    assert (home.database.read_bytes() if home.database.exists() else None) == before


def test_a_missing_log_file_costs_no_more_than_what_it_held(tmp_path: Path, slack: RecordingSlack) -> None:
    """REL07. The database without its log is an older state, and a whole one."""
    home = BotHome(tmp_path, slack).migrated()
    with home.start() as life, Crowd(home.port, most=20) as crowd:
        crowd.join()
        life.kill()
    home.database.with_name("bot.db-wal").unlink()

    with home.start(), closing(Line(home.port)) as line:
        line.insist(100)
        assert home.verdict({100}).is_good


def test_a_second_bot_on_the_same_folder_stands_back_and_says_so(
    tmp_path: Path, slack: RecordingSlack
) -> None:
    """REL23."""
    home = BotHome(tmp_path, slack).migrated()
    with a_bot(tmp_path / "data", slack):
        with home.run("serve") as second:
            assert second.exit_code() == 1
        assert "in use by another kbdial" in second.log[-1]["event"]


def test_a_backup_under_load_holds_everything_acknowledged_before_it_began(
    tmp_path: Path, slack: RecordingSlack
) -> None:
    """REL08. Restored into a new place it starts and answers; over a running bot it refuses."""
    home = BotHome(tmp_path / "first", slack).migrated()
    copy = tmp_path / "backup.db"
    with home.start(), Crowd(home.port, pause_seconds=0.1) as crowd:
        crowd.until(lambda: len(crowd.acknowledged) >= 100)
        before = set(crowd.acknowledged)
        with home.run("backup", str(copy)) as backup:
            assert backup.exit_code() == 0, backup.log
        with home.run("restore", str(copy)) as refused:
            assert refused.exit_code() == 1
        refusals = [sent for sent in crowd.history if sent.status != OK]
        assert refusals == []
        crowd.stop()
        assert home.verdict(crowd.acknowledged).is_good

    there = BotHome(tmp_path / "second", slack)
    there.data.mkdir()
    with there.run("restore", str(copy)) as restored:
        assert restored.exit_code() == 0, restored.log
    with there.start(), closing(Line(there.port)) as line:
        line.insist(100_000)
        # What was open in the backup may have been answered since, and nothing here knows: dead letters.
        assert there.verdict({100_000}).lost == ()
        assert before <= states_in(there.database).keys()


def _until_refused(line: Line) -> Sent:
    """Send until one is refused: rows that are there have room to change, new pages sooner or later none."""
    for number in range(2, 500):
        sent = line.send(number, "<@U0BOT> " + "long " * 400)
        if sent.status != 200:
            return sent
    pytest.fail("the disk is not full")
