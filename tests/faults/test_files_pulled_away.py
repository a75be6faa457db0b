"""Somebody deletes, moves or replaces the files of a running bot, or points a second one at them."""

from __future__ import annotations

import shutil
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from bot.cli import operator
from bot.domain import Clock
from bot.pipeline.store_health import LARGE_LOG_BYTES, StoreHealth
from bot.process.lock import CannotStart, exclusive_data_dir, only_user
from bot.store import Database, DueLookup, Inbox, StoreError, schema
from tests.bot.store.building import a_message
from tests.support.engine import a_knowledge_base
from tests.support.program import a_program
from tests.support.slack_people import an_event
from tests.support.small_disk import a_small_disk, fill


def _deleted(database: Path) -> None:
    database.unlink()


def _moved(database: Path) -> None:
    database.rename(database.with_name("elsewhere.db"))


def _replaced(database: Path) -> None:
    copy = database.with_name("copy.db")
    shutil.copy(database, copy)
    copy.rename(database)


def _folder_deleted(database: Path) -> None:
    shutil.rmtree(database.parent)


def _folder_moved(database: Path) -> None:
    database.parent.rename(database.parent.with_name("elsewhere"))


def _log_deleted(database: Path) -> None:
    database.with_name(f"{database.name}-wal").unlink()


def _index_deleted(database: Path) -> None:
    database.with_name(f"{database.name}-shm").unlink()


PULLS: dict[str, Callable[[Path], None]] = {
    "the file is deleted": _deleted,
    "the file is moved": _moved,
    "the file is replaced": _replaced,
    "the folder is deleted": _folder_deleted,
    "the folder is moved": _folder_moved,
    "the log is deleted": _log_deleted,
    "the log's index is deleted": _index_deleted,
}


def _database(folder: Path) -> tuple[Path, Database]:
    path = folder / "data" / "bot.db"
    url = f"sqlite:///{path}"
    schema.migrate(url)
    database = Database(url)
    database.start()
    return path, database


def _texts(path: Path) -> int:
    with closing(sqlite3.connect(path)) as connection:
        return int(connection.execute("SELECT count(*) FROM inbox").fetchone()[0])


@pytest.mark.parametrize("pull", PULLS)
def test_nothing_is_acknowledged_into_a_file_that_nobody_finds_again(pull: str, tmp_path: Path) -> None:
    """REL28."""
    path, database = _database(tmp_path)
    inbox = Inbox(database, Clock(), on_work=lambda: None)
    try:
        inbox.accept(a_message("before"))
        PULLS[pull](path)
        with pytest.raises(StoreError, match="nothing is acknowledged until"):
            inbox.accept(a_message("after"))
        with pytest.raises(StoreError):
            DueLookup(database).look()
        with pytest.raises(StoreError):
            database.probe()
    finally:
        database.stop()


def test_what_was_acknowledged_before_its_log_was_deleted_is_in_the_database(tmp_path: Path) -> None:
    """REL28. Also when the bot is killed right after: it was written at the first look."""
    path, database = _database(tmp_path)
    inbox = Inbox(database, Clock(), on_work=lambda: None)
    try:
        inbox.accept(a_message("before"))
        _log_deleted(path)
        with pytest.raises(StoreError):
            database.probe()
        copy = tmp_path / "copy.db"  # what a killed process leaves: the file alone
        shutil.copy(path, copy)
        assert _texts(copy) == 1
    finally:
        database.stop()


def test_a_database_that_is_moved_back_is_taken_up_again(tmp_path: Path) -> None:
    """REL28."""
    path, database = _database(tmp_path)
    inbox = Inbox(database, Clock(), on_work=lambda: None)
    try:
        inbox.accept(a_message("before"))
        _folder_moved(path)
        with pytest.raises(StoreError):
            inbox.accept(a_message("meanwhile"))
        path.parent.with_name("elsewhere").rename(path.parent)
        inbox.accept(a_message("after"))
    finally:
        database.stop()
    assert _texts(path) == 2


def test_a_bot_whose_database_is_gone_says_503_and_is_not_ready(tmp_path: Path) -> None:
    """REL28."""
    with a_program(tmp_path, a_knowledge_base(tmp_path, "apple", "plum")) as program:
        assert program.client.get("/readyz").status_code == 200
        (tmp_path / "bot.db").rename(tmp_path / "gone.db")
        assert program.people.event(an_event(number=1)).status_code == 503
        told = program.client.get("/readyz")
        assert told.status_code == 503
        assert "bot.db is gone" in told.get_data(as_text=True)
        (tmp_path / "gone.db").rename(tmp_path / "bot.db")
        assert program.people.event(an_event(number=1)).status_code == 200


class _FullDisk:
    """A store whose disk is full until somebody makes room."""

    def __init__(self) -> None:
        self.is_full = True
        self.size = 0

    def probe(self) -> None:
        if self.is_full:
            raise StoreError("the database did not take the write: database or disk is full")

    def log_bytes(self) -> int:
        return self.size


def test_readiness_knows_of_a_full_disk_before_somebody_writes() -> None:
    """REL29. The same with a real full disk: test_storage."""
    disk = _FullDisk()
    health = StoreHealth(disk, on_log_bytes=lambda _: None)
    health.step()
    assert "disk is full" in health.problem
    disk.is_full = False
    health.step()
    assert health.problem == ""


def test_a_quiet_bot_on_a_full_disk_finds_out_though_its_log_has_room(tmp_path: Path) -> None:
    """REL29."""
    with a_small_disk(tmp_path / "small") as disk:
        path, database = _database(disk)
        try:
            inbox = Inbox(database, Clock(), on_work=lambda: None)
            for number in range(20):
                inbox.accept(a_message(str(number), text="x" * 10_000))
            with closing(sqlite3.connect(path)) as other:
                other.execute("PRAGMA wal_checkpoint(FULL)")
            database.probe()
            fill(disk / "filler")
            with pytest.raises(StoreError, match="No space left on device"):
                database.probe()
            (disk / "filler").unlink()
            database.probe()
        finally:
            database.stop()


def test_a_log_that_grows_is_a_figure_and_one_warning(caplog: pytest.LogCaptureFixture) -> None:
    """REL30."""
    disk, seen = _FullDisk(), list[float]()
    disk.is_full = False
    health = StoreHealth(disk, on_log_bytes=seen.append)
    for size in (0, LARGE_LOG_BYTES + 1, LARGE_LOG_BYTES + 2, 0, LARGE_LOG_BYTES + 1):
        disk.size = size
        health.step()
    assert seen == [0, LARGE_LOG_BYTES + 1, LARGE_LOG_BYTES + 2, 0, LARGE_LOG_BYTES + 1]
    assert [record.message for record in caplog.records] == ["database_log_grows"] * 2


def test_a_reader_that_never_ends_is_seen_in_the_figure(tmp_path: Path) -> None:
    """REL30."""
    path, database = _database(tmp_path)
    inbox = Inbox(database, Clock(), on_work=lambda: None)
    try:
        with closing(sqlite3.connect(path, isolation_level=None)) as reader:
            reader.execute("BEGIN")
            reader.execute("SELECT count(*) FROM inbox").fetchone()
            before = database.log_bytes()
            for number in range(20):
                inbox.accept(a_message(str(number), text="x" * 10_000))
            assert database.log_bytes() > before + 200_000
    finally:
        database.stop()


def test_two_bots_with_folders_of_their_own_do_not_share_a_database(tmp_path: Path) -> None:
    """REL31. Whatever name the second has for the file."""
    with a_program(tmp_path, a_knowledge_base(tmp_path, "apple", "plum")) as program:
        other = tmp_path / "other"
        other.mkdir()
        link = other / "linked.db"
        link.symlink_to(tmp_path / "bot.db")
        for name in (tmp_path / "bot.db", link):
            bot = program.settings.bot.model_copy(
                update={"data_dir": other, "database_url": f"sqlite:///{name}"}
            )
            settings = program.settings.model_copy(update={"bot": bot})
            with pytest.raises(CannotStart, match="in use by another kbdial with another data folder"):
                operator.admin_code(settings)
            with pytest.raises(CannotStart, match="in use by another kbdial with another data folder"):
                operator.put_back(settings, tmp_path / "backup.db")


def test_a_database_whose_bot_has_stopped_is_free(tmp_path: Path) -> None:
    """REL31."""
    url = f"sqlite:///{tmp_path}/bot.db"
    for _ in range(2):
        with exclusive_data_dir(tmp_path), only_user(url):
            pass
    with only_user("postgresql+psycopg://nobody@127.0.0.1:9/none"):
        pass
