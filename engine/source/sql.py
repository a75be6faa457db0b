"""A source behind a database: one query, whose columns are read like those of a CSV file.

The query runs in a transaction that may only read and ends with a rollback. SQLite and
PostgreSQL see to that themselves, and stop a query that takes too long; of other databases
that have a driver, only the rollback and the clock between rows are asked. Give the engine
a user that may read what it needs and nothing else.
"""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Generator, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any, Final

from sqlalchemy import URL, Connection, CursorResult, create_engine, event, make_url, text
from sqlalchemy.exc import ArgumentError, NoSuchModuleError, SQLAlchemyError
from sqlalchemy.pool import NullPool

from engine.domain import SourceError
from engine.extract.columns import NAMES, Columns
from engine.source.limits import DEFAULT_LIMITS, Limits
from engine.source.record import Record, record_of

_CONNECT_SECONDS: Final = 10
_ROWS_AT_ONCE: Final = 1000
_STEPS_BETWEEN_LOOKS: Final = 10_000  # of SQLite's machine: some hundred looks at the clock a second

_READING: Final = {
    sqlite3.SQLITE_SELECT,
    sqlite3.SQLITE_READ,
    sqlite3.SQLITE_FUNCTION,
    sqlite3.SQLITE_RECURSIVE,
    sqlite3.SQLITE_TRANSACTION,
}
_HARMLESS_PRAGMAS: Final = {
    "read_uncommitted",
    "data_version",
}  # SQLAlchemy and full-text search ask for them


def without_secrets(url: str) -> str:
    """The database as people may see it: no user, no password, no options."""
    try:
        parts = make_url(url)
    except (ArgumentError, ValueError):
        return "a database address that cannot be read"
    host = f"{parts.host or ''}{f':{parts.port}' if parts.port else ''}"
    return f"{parts.get_backend_name()}://{host}/{parts.database or ''}"


def records(url: str, query: str, base: Path, limits: Limits = DEFAULT_LIMITS) -> Generator[Record]:
    """The rows of the query; a SQLite file is looked for from `base`.

    Raises SourceError naming the database and, where there is one, the row.
    """
    name = without_secrets(url)
    deadline = time.monotonic() + limits.query_seconds
    try:
        with _connection(_locate(make_url(url), base), limits, deadline) as connection:
            yield from _rows(name, connection, query, limits, deadline)
    except (NoSuchModuleError, ModuleNotFoundError) as missing:
        raise SourceError(
            f"{name} needs a driver that is not installed ({missing}); "
            "for PostgreSQL, in kbdial's checkout: .venv/bin/python -m pip install -e '.[postgresql]'",
            "missing_package",
        ) from None
    except ArgumentError:
        raise SourceError(f"{name}: wanted DIALECT+DRIVER://USER:PASSWORD@HOST/DATABASE") from None
    except (SQLAlchemyError, sqlite3.Error, OSError) as error:
        if time.monotonic() >= deadline:
            raise SourceError(
                f"{name}: the query took longer than {limits.query_seconds:g} s", "slow"
            ) from None
        raise SourceError(f"{name}: {_cause(error, url)}", "unreachable") from None


def _rows(name: str, connection: Connection, query: str, limits: Limits, deadline: float) -> Iterator[Record]:
    # As it was written: a colon or a percent sign in it is not a parameter.
    options = {"no_parameters": True, "stream_results": True}
    with closing(connection.exec_driver_sql(query, execution_options=options)) as result:
        yield from _read(name, result, limits, deadline)


def _read(name: str, result: CursorResult[Any], limits: Limits, deadline: float) -> Iterator[Record]:
    if not result.returns_rows:
        raise SourceError(f"{name}: the query gives no rows; wanted a SELECT")
    columns = list(result.keys())
    named = Columns.of(columns)
    if not named.has_text:
        known = ", ".join(NAMES["text"])
        raise SourceError(
            f"{name}: the query has no column for the text: "
            f"name one of {known} (got {', '.join(columns)[:80]})",
            "no_question_column",
        )
    if twice := [column for number, column in enumerate(columns) if column in columns[:number]]:
        raise SourceError(f'{name}: the query names the column "{twice[0][:80]}" twice', "no_question_column")
    left = limits.bytes
    number = 0
    for batch in result.partitions(_ROWS_AT_ONCE):
        for row in batch:
            number += 1
            where = f"{name}:{number}"
            cells = {column: _text(where, column, value) for column, value in zip(columns, row, strict=True)}
            left -= sum(map(len, cells.values()))
            if left < 0:
                raise SourceError(
                    f"{where} goes past the limit of {limits.bytes} characters for one source", "too_large"
                )
            yield record_of(where, cells, named)
        if time.monotonic() >= deadline:
            raise TimeoutError


def _text(where: str, column: str, value: Any) -> str:
    match value:
        case None:
            return ""
        case str():
            return value.replace("\0", "")
        case bytes() | bytearray() | memoryview():
            raise SourceError(f'{where}: the column "{column[:80]}" holds bytes; wanted text', "bad_row")
        case _:
            return str(value)


def _locate(url: URL, base: Path) -> URL:
    """A SQLite file must exist, because SQLite would make an empty one, and is opened to read."""
    if url.get_backend_name() != "sqlite":
        return url
    if not url.database or url.database == ":memory:" or url.database.startswith("file:"):
        raise SourceError(
            "a sqlite:// source names its file: sqlite:///knowledge.db, or sqlite:////var/kb.db"
        )
    path = base / url.database
    if not path.is_file():
        raise SourceError(f"{path} does not exist", "missing")
    return URL.create("sqlite", database=f"{path.resolve().as_uri()}?mode=ro", query={"uri": "true"})


@contextmanager
def _connection(url: URL, limits: Limits, deadline: float) -> Iterator[Connection]:
    backend = url.get_backend_name()
    arguments: dict[str, Any] = {}
    if backend == "sqlite":
        arguments = {"timeout": min(_CONNECT_SECONDS, limits.query_seconds)}
    elif backend == "postgresql":
        arguments = {"connect_timeout": _CONNECT_SECONDS}
    database = create_engine(url, poolclass=NullPool, connect_args=arguments, hide_parameters=True)
    if backend == "sqlite":
        event.listen(database, "connect", _guard(deadline))
    try:
        with closing(database.connect()) as connection:
            if backend == "postgresql":
                connection = connection.execution_options(postgresql_readonly=True)  # noqa: PLW2901 - the same one
                milliseconds = max(1, int(limits.query_seconds * 1000))
                connection.execute(text(f"SET LOCAL statement_timeout = {milliseconds}"))
            yield connection
    finally:
        database.dispose()


def _guard(deadline: float) -> Any:
    def may(action: int, first: str | None, second: str | None, *_: str | None) -> int:
        is_known = action == sqlite3.SQLITE_PRAGMA and first in _HARMLESS_PRAGMAS and second is None
        return sqlite3.SQLITE_OK if action in _READING or is_known else sqlite3.SQLITE_DENY

    def guard(connection: sqlite3.Connection, _record: object) -> None:
        # Opening it to read is not enough: ATTACH and VACUUM INTO would write other files.
        connection.set_authorizer(may)
        connection.set_progress_handler(lambda: time.monotonic() >= deadline, _STEPS_BETWEEN_LOOKS)

    return guard


def _cause(error: Exception, url: str) -> str:
    """The database's first line, without the statement, and without the password should it be in there."""
    said = str(getattr(error, "orig", None) or error).strip().partition("\n")[0]
    password = make_url(url).password
    return said.replace(password, "…")[:300] if password else said[:300]
