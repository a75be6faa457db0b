"""What a source behind a database promises, on a real SQLite file."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from engine.domain import Entry, SourceError, SourceSpec
from engine.source import Limits, origin

SECRET = "hunter2"


@pytest.fixture
def database(tmp_path: Path) -> Path:
    path = tmp_path / "shop.db"
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("CREATE TABLE faq (nr INTEGER, question TEXT, answer TEXT, team TEXT, raw BLOB)")
        connection.executemany(
            "INSERT INTO faq VALUES (?, ?, ?, ?, ?)",
            [(1, "怎么退货？", "七天内。", "a", b"x"), (2, "Hours: %s?", None, None, None)],
        )
        connection.commit()
    return path


def spec(database: Path, query: str) -> SourceSpec:
    return SourceSpec(url=f"sqlite:///{database.name}", query=query, base=database.parent)


def refusal(source: SourceSpec, limits: Limits | None = None) -> str:
    with pytest.raises(SourceError) as caught:
        origin.read(source, None, limits or Limits())
    return caught.value.message


def test_columns_are_read_like_those_of_a_csv_file(database: Path) -> None:
    reading = origin.read_afresh(
        spec(database, "SELECT nr AS id, question, answer, team FROM faq WHERE question <> ':x%s'")
    )
    assert reading.entries == (
        Entry("1", "怎么退货？", "七天内。", source="sqlite:///shop.db", fields={"team": "a"}),
        Entry("2", "Hours: %s?", source="sqlite:///shop.db"),
    )
    assert reading.read == 2


@pytest.mark.parametrize(
    "query",
    [
        "DELETE FROM faq",
        "DROP TABLE faq",
        "INSERT INTO faq (question) VALUES ('x') RETURNING question",
        "PRAGMA query_only = OFF",
        "ATTACH DATABASE 'other.db' AS other",
        "VACUUM INTO 'copy.db'",
    ],
)
def test_the_query_can_only_read(
    database: Path, query: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    before = database.read_bytes()
    assert refusal(spec(database, query)).startswith("sqlite:///shop.db: ")
    assert database.read_bytes() == before
    assert [path.name for path in tmp_path.iterdir()] == ["shop.db"]


@pytest.mark.parametrize(
    ("query", "says"),
    [
        ("SELECT nr FROM faq", "the query has no column for the text: name one of text, question, "),
        ("SELECT question, nr AS question FROM faq", 'the query names the column "question" twice'),
        ("SELECT question FROM nowhere", "no such table: nowhere"),
        ("SELEKT", 'near "SELEKT": syntax error'),
        ("SELECT question, raw FROM faq", 'the column "raw" holds bytes; wanted text'),
        ("SELECT question FROM faq WHERE nr > 5", "holds no entry: 0 rows"),
    ],
)
def test_what_is_wrong_is_said_with_the_database_and_the_row(database: Path, query: str, says: str) -> None:
    said = refusal(spec(database, query))
    assert said.startswith("sqlite:///shop.db")
    assert says in said


def test_a_file_that_is_not_there_is_not_made(tmp_path: Path) -> None:
    assert refusal(spec(tmp_path / "no.db", "SELECT 1 AS text")) == f"{tmp_path / 'no.db'} does not exist"
    assert list(tmp_path.iterdir()) == []


def test_a_file_that_is_no_database_is_named(tmp_path: Path) -> None:
    (tmp_path / "a.db").write_bytes(b"hello " * 1000)
    assert refusal(spec(tmp_path / "a.db", "SELECT 1 AS text FROM t")).startswith("sqlite:///a.db: ")


def test_too_many_rows_are_refused_at_the_row(database: Path) -> None:
    endless = "WITH RECURSIVE n(text) AS (SELECT 1 UNION ALL SELECT text + 1 FROM n) SELECT text FROM n"
    assert refusal(spec(database, endless), Limits(rows=5000)) == (
        "sqlite:///shop.db:5001 is past the limit of 5000 rows; split the source"
    )
    assert refusal(spec(database, endless), Limits(bytes=5000)).endswith("characters for one source")


def test_a_query_that_takes_too_long_is_stopped(database: Path) -> None:
    endless = "WITH RECURSIVE n(t) AS (SELECT 1 UNION ALL SELECT t + 1 FROM n) SELECT max(t) AS text FROM n"
    assert refusal(spec(database, endless), Limits(query_seconds=0.2)) == (
        "sqlite:///shop.db: the query took longer than 0.2 s"
    )


@pytest.mark.parametrize(
    ("url", "says"),
    [
        (f"nosuch://me:{SECRET}@h/d", "nosuch://h/d needs a driver that is not installed"),
        (f"postgresql+psycopg://me:{SECRET}@127.0.0.1:1/d?x={SECRET}", "postgresql://127.0.0.1:1/d: "),
        ("sqlite://", "a sqlite:// source names its file"),
        ("sqlite:///:memory:", "a sqlite:// source names its file"),
        ("nonsense", "a database address that cannot be read: wanted DIALECT+DRIVER://"),
    ],
)
def test_a_database_that_cannot_be_reached_is_named_without_its_secrets(url: str, says: str) -> None:
    said = refusal(SourceSpec(url=url, query="SELECT 1 AS text"), Limits(query_seconds=5))
    assert said.startswith(says)
    assert SECRET not in said
