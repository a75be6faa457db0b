"""A backup is whole, however busy the database is; restoring never overwrites anything."""

from __future__ import annotations

import sqlite3
import threading
from pathlib import Path

import pytest

from bot.domain import Clock
from bot.store import Database, Inbox, StoreError, schema
from bot.store.backup import backup, restore
from tests.bot.store.building import a_message


@pytest.fixture
def url(tmp_path: Path) -> str:
    address = f"sqlite:///{tmp_path}/bot.db"
    schema.migrate(address)
    return address


def accepted(path: Path) -> int:
    with sqlite3.connect(path) as database:
        count: int = database.execute("SELECT count(*) FROM inbox").fetchone()[0]
    database.close()
    return count


def test_everything_committed_before_the_backup_is_in_it_while_more_arrives(url: str, tmp_path: Path) -> None:
    """REL08: integrity ok; every row committed before the backup began is there."""
    database = Database(url)
    database.start()
    inbox = Inbox(database, Clock(), on_work=lambda: None)
    for number in range(200):
        inbox.accept(a_message(f"before {number}"))
    stopping, numbers = threading.Event(), iter(range(10_000_000))

    def write_on() -> None:
        while not stopping.is_set():
            inbox.accept(a_message(f"during {next(numbers)}"))

    writer = threading.Thread(target=write_on)
    writer.start()
    try:
        size = backup(url, tmp_path / "copy.db")
    finally:
        stopping.set()
        writer.join()
        database.stop()
    assert size == (tmp_path / "copy.db").stat().st_size
    assert accepted(tmp_path / "copy.db") >= 200
    schema.check(f"sqlite:///{tmp_path}/copy.db")


def test_a_backup_overwrites_nothing(url: str, tmp_path: Path) -> None:
    (tmp_path / "copy.db").write_text("precious")
    with pytest.raises(StoreError, match="exists already"):
        backup(url, tmp_path / "copy.db")
    assert (tmp_path / "copy.db").read_text() == "precious"


def test_what_was_there_before_a_restore_is_kept_with_its_log(url: str, tmp_path: Path) -> None:
    database = Database(url)
    database.start()
    Inbox(database, Clock(), on_work=lambda: None).accept(a_message("one"))
    backup(url, tmp_path / "copy.db")
    Inbox(database, Clock(), on_work=lambda: None).accept(a_message("two"))
    database.stop()
    assert str(tmp_path / "bot.db.before-") in restore(url, tmp_path / "copy.db")
    assert accepted(tmp_path / "bot.db") == 2  # what was acknowledged since is kept, see test_reconcile.py
    (aside,) = (path for path in tmp_path.glob("bot.db.before-*") if path.suffix[-4:] not in {"-wal", "-shm"})
    assert accepted(aside) == 2


@pytest.mark.parametrize("content", [b"", b"not a database at all" * 100])
def test_a_damaged_backup_changes_nothing(url: str, tmp_path: Path, content: bytes) -> None:
    (tmp_path / "broken.db").write_bytes(content)
    with pytest.raises(StoreError, match="nothing was restored"):
        restore(url, tmp_path / "broken.db")
    schema.check(url)
    assert {path.name for path in tmp_path.iterdir()} >= {"bot.db", "broken.db"}
    assert not list(tmp_path.glob("*.restoring"))


def test_a_backup_into_a_folder_that_is_not_there_says_so(url: str, tmp_path: Path) -> None:
    with pytest.raises(StoreError, match=r"copy\.db cannot be written: No such file or directory"):
        backup(url, tmp_path / "nowhere" / "copy.db")


def test_postgresql_has_its_own_tools(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match="pg_dump"):
        backup("postgresql+psycopg://localhost/kbdial", tmp_path / "copy.db")
