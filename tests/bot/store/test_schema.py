from __future__ import annotations

import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import Connection, create_engine, inspect

import migrations
from bot.store import SchemaError, schema
from bot.store.tables import metadata
from tests.support.postgresql import PostgreSQL

SCRIPTS = Path(migrations.__file__).parent
NEXT = '''
"""One more column on every message."""

import os

import sqlalchemy as sa
from alembic import op

revision = "9999"
down_revision = "{before}"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("inbox", sa.Column("mood", sa.Text()))
    op.execute("UPDATE inbox SET mood = 'calm'")
    {then}
'''
MIGRATE = """
import sys
from pathlib import Path
from bot.store import schema
schema.migrate(sys.argv[1], scripts=Path(sys.argv[2]))
"""


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "data" / "bot.db"


@pytest.fixture
def url(path: Path) -> str:
    return f"sqlite:///{path}"


def _a_later_version(folder: Path, then: str = "pass") -> Path:
    """A copy of the migrations with one more."""
    scripts = folder / "later"
    shutil.copytree(SCRIPTS, scripts, ignore=shutil.ignore_patterns("__pycache__"), dirs_exist_ok=True)
    newest = max(name.stem.split("_")[0] for name in (SCRIPTS / "versions").glob("0*.py"))
    (scripts / "versions" / "9999_mood.py").write_text(NEXT.format(before=newest, then=then))
    return scripts


def _first(folder: Path) -> Path:
    """The migrations as they were when there was one."""
    scripts = folder / "first"
    shutil.copytree(SCRIPTS, scripts, ignore=shutil.ignore_patterns("__pycache__"))
    for script in (scripts / "versions").glob("0*.py"):
        if not script.name.startswith("0001"):
            script.unlink()
    return scripts


def _columns(url: str) -> set[str]:
    engine = create_engine(url)
    try:
        return {column["name"] for column in inspect(engine).get_columns("inbox")}
    finally:
        engine.dispose()


def _server_indexes(connection: Connection) -> dict[str, str]:
    rows = connection.exec_driver_sql("SELECT indexname, indexdef FROM pg_indexes").all()
    return {str(row.indexname): str(row.indexdef) for row in rows}


def _killed(url: str, scripts: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-c", MIGRATE, url, str(scripts)], check=False, capture_output=True, text=True
    )
    assert done.returncode == 9, done.stderr


def test_from_nothing_there_is_no_difference_to_the_tables(url: str) -> None:
    schema.migrate(url)
    engine = create_engine(url)
    with engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        assert compare_metadata(context, metadata) == []
        made = set(connection.exec_driver_sql("SELECT sql FROM sqlite_master WHERE type = 'index'").scalars())
    engine.dispose()
    # The comparison above does not look at the conditions of partial indexes.
    direct = create_engine("sqlite://")
    metadata.create_all(direct)
    with direct.connect() as connection:
        wanted = set(
            connection.exec_driver_sql("SELECT sql FROM sqlite_master WHERE type = 'index'").scalars()
        )
        tables = (
            connection.exec_driver_sql("SELECT name FROM sqlite_master WHERE type = 'table'").scalars().all()
        )
    direct.dispose()
    assert made - {None} == wanted - {None}
    assert "inbox" in tables


def test_from_the_first_schema_there_is_no_difference_to_the_tables(tmp_path: Path, url: str) -> None:
    assert schema.migrate(url, scripts=_first(tmp_path)) == "0001"
    schema.migrate(url)
    engine = create_engine(url)
    with engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        assert compare_metadata(context, metadata) == []
    engine.dispose()


@pytest.fixture
def server_url(postgresql: PostgreSQL) -> Iterator[str]:
    with postgresql.a_database(migrated=False) as url:
        yield url


@pytest.mark.parametrize("start", ["nothing", "0001"])
def test_on_a_server_there_is_no_difference_to_the_tables_either(
    start: str, tmp_path: Path, server_url: str
) -> None:
    if start == "0001":
        assert schema.migrate(server_url, scripts=_first(tmp_path)) == "0001"
    schema.migrate(server_url)
    engine = create_engine(server_url)
    with engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        assert compare_metadata(context, metadata) == []
        made = _server_indexes(connection)
        metadata.drop_all(connection)
        metadata.create_all(connection)
        wanted = _server_indexes(connection)
    engine.dispose()
    # The comparison above does not look at the conditions of partial indexes.
    assert {name: made[name] for name in wanted} == wanted


def test_a_migration_of_a_server_killed_half_way_leaves_it_as_it_was(tmp_path: Path, server_url: str) -> None:
    """REL09."""
    _killed(server_url, _a_later_version(tmp_path / "empty", "os._exit(9)"))
    with pytest.raises(SchemaError, match="python -m bot migrate"):
        schema.check(server_url)
    schema.migrate(server_url)
    _killed(server_url, _a_later_version(tmp_path, "os._exit(9)"))
    schema.check(server_url)
    assert "mood" not in _columns(server_url)
    scripts = _a_later_version(tmp_path)
    schema.migrate(server_url, scripts=scripts)
    assert "mood" in _columns(server_url)
    for refused in (schema.check, schema.migrate):
        with pytest.raises(SchemaError, match="newer version"):
            refused(server_url)


def test_the_tables_of_another_program_on_a_server_are_refused(
    server_url: str, postgresql: PostgreSQL
) -> None:
    postgresql.execute("CREATE TABLE recipes (name TEXT)", server_url.rpartition("/")[2])
    for refused in (schema.check, schema.migrate):
        with pytest.raises(SchemaError, match="no database of kbdial"):
            refused(server_url)


def test_migrating_twice_changes_nothing(url: str, path: Path) -> None:
    schema.migrate(url)
    before = path.read_bytes()
    schema.migrate(url)
    schema.check(url)
    assert path.read_bytes() == before


def test_only_the_owner_may_read_the_file(url: str, path: Path) -> None:
    schema.migrate(url)
    assert path.stat().st_mode & 0o777 == 0o600


def test_nothing_is_created_by_looking(url: str, path: Path) -> None:
    with pytest.raises(SchemaError, match="python -m bot migrate"):
        schema.check(url)
    assert not path.parent.exists()


def test_an_old_schema_names_the_command(tmp_path: Path, url: str) -> None:
    schema.migrate(url)
    with pytest.raises(SchemaError, match="older than this program: run `python -m bot migrate`"):
        schema.check(url, scripts=_a_later_version(tmp_path))


def test_a_newer_schema_is_left_alone(tmp_path: Path, url: str, path: Path) -> None:
    schema.migrate(url, scripts=_a_later_version(tmp_path))
    before = path.read_bytes()
    for refused in (schema.check, schema.migrate):
        with pytest.raises(SchemaError, match="newer version"):
            refused(url)
    assert path.read_bytes() == before


def test_a_first_migration_killed_half_way_can_be_started_again(tmp_path: Path, url: str, path: Path) -> None:
    _killed(url, _a_later_version(tmp_path, "os._exit(9)"))
    assert not path.exists()
    schema.migrate(url)
    schema.check(url)
    assert [file.name for file in path.parent.iterdir()] == ["bot.db"]


def test_a_later_migration_killed_half_way_leaves_the_database_as_it_was(
    tmp_path: Path, url: str, path: Path
) -> None:
    schema.migrate(url)
    with sqlite3.connect(path) as database:
        database.executemany(
            "INSERT INTO quarantine (platform, tenant, reason, body, received_at) "
            "VALUES ('p', 't', ?, 'b', '')",
            [(str(number),) for number in range(1000)],
        )
    database.close()
    _killed(url, _a_later_version(tmp_path, "os._exit(9)"))
    schema.check(url)
    assert "mood" not in _columns(url)
    scripts = _a_later_version(tmp_path)
    schema.migrate(url, scripts=scripts)
    schema.check(url, scripts=scripts)
    assert "mood" in _columns(url)


def test_an_empty_file_is_never_taken_for_a_new_one(url: str, path: Path) -> None:
    path.parent.mkdir()
    path.touch()
    for refused in (schema.check, schema.migrate):
        with pytest.raises(SchemaError, match="is empty"):
            refused(url)
    assert path.read_bytes() == b""


@pytest.mark.parametrize("content", [b"not a database at all" * 100, b"\x00" * 8192])
def test_a_file_that_is_no_database_is_refused_and_kept(url: str, path: Path, content: bytes) -> None:
    path.parent.mkdir()
    path.write_bytes(content)
    for refused in (schema.check, schema.migrate):
        with pytest.raises(SchemaError, match=r"python -m bot restore"):
            refused(url)
    assert path.read_bytes() == content


def test_a_cut_file_is_refused_and_kept(url: str, path: Path) -> None:
    schema.migrate(url)
    content = path.read_bytes()
    for size in (100, 4096, len(content) // 2, len(content) - 4096):
        path.write_bytes(content[:size])
        with pytest.raises(SchemaError, match=r"python -m bot restore"):
            schema.check(url)
        assert path.read_bytes() == content[:size]


def test_a_damaged_page_is_found(url: str, path: Path) -> None:
    schema.migrate(url)
    content = bytearray(path.read_bytes())
    content[4096 * 3 : 4096 * 3 + 100] = b"\xff" * 100
    path.write_bytes(content)
    with pytest.raises(SchemaError, match=r"damaged.*python -m bot restore"):
        schema.check(url)


def test_the_database_of_another_program_is_refused(url: str, path: Path) -> None:
    path.parent.mkdir()
    with sqlite3.connect(path) as database:
        database.execute("CREATE TABLE recipes (name TEXT)")
    database.close()
    for refused in (schema.check, schema.migrate):
        with pytest.raises(SchemaError, match="no database of kbdial"):
            refused(url)


def test_the_log_of_a_lost_database_is_not_played_into_a_new_one(url: str, path: Path) -> None:
    path.parent.mkdir()
    path.with_name("bot.db-wal").write_bytes(b"x")
    with pytest.raises(SchemaError, match="left of a database that is gone"):
        schema.migrate(url)
    assert not path.exists()


def test_votes_of_the_first_schema_become_labels(tmp_path: Path, url: str, path: Path) -> None:
    schema.migrate(url, scripts=_first(tmp_path))
    with sqlite3.connect(path) as database:
        database.execute(
            "INSERT INTO asked VALUES ('a1', 'c', 'p:t:u', 'p', 't', 'u', 'Ann', 'pears?', 'default', '0.4', "
            "1, 0.5, 'small', 's1', '2026-11-01 10:00:00.000000', 1, '{}', '[[\"e1\", 0.5]]')"
        )
        for answer, entry, verdict in (
            ("a1", "e1", "helpful"),
            ("a1", "e2", "not helpful"),
            ("gone", "e1", "helpful"),
        ):
            database.execute(
                "INSERT INTO vote VALUES (?, ?, 'p:t:u', 'p', 't', 'u', 'Ann', 'c', ?, "
                "'2026-11-02 10:00:00.000000', 7)",
                (answer, entry, verdict),
            )
    database.close()
    schema.migrate(url)
    with sqlite3.connect(path) as database:
        rows = database.execute(
            "SELECT channel, origin, entry_id, person, person_name, source, question, knowledge_base, "
            "relevant, score, model, snapshot, made_at, item_id FROM label ORDER BY entry_id"
        ).fetchall()
    database.close()
    same = ("p:t:u", "Ann", "vote", "pears?", "default")
    told = ("small", "s1", "2026-11-02 10:00:00.000000", 7)
    assert rows == [("c", "a1", "e1", *same, 1, 0.5, *told), ("c", "a1", "e2", *same, 0, None, *told)]
