"""The statements to PostgreSQL with pgvector. What they are for, `engine.index.pgvector.index` says.

`<#>` gives the negative inner product: summed in single precision, and compared in double.
"""

from __future__ import annotations

import hashlib
import json
import math
import threading
import weakref
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import numpy as np
import psycopg
from numpy.typing import NDArray
from psycopg import sql

from engine.domain import NotReady
from engine.index.distant_rows import RowsMissing
from engine.index.margin import Ask, Near
from engine.index.outage import Away, Outage
from engine.index.protocol import Place
from engine.index.score import Floats

CONNECT_SECONDS = 2
_IDLE = 4  # connections that are kept: one thread asks, another refreshes, and some look
_TAKEN = 8192  # rows at a time
_COPIED = 4096
_LONGEST_PLAIN = 2000  # a longer row does not fit into a page, and is kept beside the table
_COPY_HEAD = b"PGCOPY\n\xff\r\n\0" + bytes(8)
_COPY_END = b"\xff\xff"
_TABLE = "kbdial_rows_"

_MAKE = (
    sql.SQL("SET LOCAL statement_timeout = 0"),
    sql.SQL("DROP TABLE IF EXISTS {table}"),
    sql.SQL("CREATE TABLE {table} (row bigint NOT NULL, v vector({width}) NOT NULL)"),
    sql.SQL("ALTER TABLE {table} ALTER COLUMN v SET STORAGE {storage}"),
    sql.SQL("COMMENT ON TABLE {table} IS {comment}"),
)
# Frozen: nobody has to look who wrote a row, so that counting them reads the key alone.
_COPY = sql.SQL("COPY {table} (row, v) FROM STDIN (FORMAT BINARY, FREEZE)")
_KEY = sql.SQL("ALTER TABLE {table} ADD PRIMARY KEY (row)")
_COMMENTS = (
    "SELECT obj_description(oid, 'pg_class') FROM pg_class"
    " WHERE relkind = 'r' AND relname LIKE %s AND pg_table_is_visible(oid)"
)
_NEAREST = sql.SQL("SELECT row, {away} FROM {table} ORDER BY {away} LIMIT {limit}")
_NEAREST_OF_SOME = sql.SQL(
    "SELECT row, {away} FROM {table} WHERE {away} <= {edge}::float8 ORDER BY {away} LIMIT {limit}"
)

Connection = psycopg.Connection[tuple[Any, ...]]


class Database:
    """The matrices of one owner in one database, each a table.

    Several threads may use it at once, each with a connection of its own; those that are idle are closed
    when nobody has it any more.
    """

    def __init__(self, url: str, owner: str, *, timeout_seconds: float, outage: Outage) -> None:
        self._url = url
        self._owner = owner
        self._timeout_milliseconds = int(timeout_seconds * 1000)
        self._outage = outage
        self._idle: list[Connection] = []
        self._lock = threading.Lock()
        weakref.finalize(self, _close_all, self._idle)

    def store(self, place: Place, vectors: Floats) -> Matrix:
        """Keep this matrix, whole or not at all.

        Raises:
            NotReady
        """
        comment = self._comment(place)
        given = {
            "table": _table(comment),
            "width": sql.Literal(vectors.shape[1]),
            "storage": sql.SQL("PLAIN" if vectors.shape[1] < _LONGEST_PLAIN else "EXTERNAL"),
            "comment": sql.Literal(comment),
        }
        with self.connect() as connection:
            connection.execute("CREATE EXTENSION IF NOT EXISTS vector")
            with connection.transaction():
                for statement in _MAKE:
                    connection.execute(statement.format(**given))
                with connection.cursor() as cursor, cursor.copy(_COPY.format(**given)) as copy:
                    for piece in _binary_rows(vectors):
                        copy.write(piece)
                connection.execute(_KEY.format(**given))
        return self.matrix(place)

    def matrix(self, place: Place) -> Matrix:
        """The one at this place, whether it is there or not."""
        return Matrix(self, _table(self._comment(place)))

    def drop_all_but(self, snapshots: Sequence[str]) -> None:
        with self.connect() as connection:
            for (comment,) in connection.execute(_COMMENTS, (_TABLE + "%",)).fetchall():
                owner, snapshot, _ = json.loads(comment)
                if owner == self._owner and snapshot not in snapshots:
                    connection.execute(sql.SQL("DROP TABLE IF EXISTS {}").format(_table(comment)))

    def _comment(self, place: Place) -> str:
        return json.dumps([self._owner, place.snapshot, place.part])

    @contextmanager
    def connect(self) -> Iterator[Connection]:
        """A connection that nobody else uses meanwhile; each statement outside a transaction is one.

        Raises:
            NotReady: there is none to be had, or it broke, or the statement was refused.
        """
        with self._outage.watch():
            try:
                connection = self._take_idle() or self._open()
                try:
                    yield connection
                except BaseException:
                    connection.close()
                    raise
                self._keep(connection)
            except psycopg.errors.QueryCanceled as problem:
                raise Away("the index on PostgreSQL took too long to answer") from problem
            except psycopg.OperationalError as problem:
                raise Away(f"the index on PostgreSQL does not answer: {_first_line(problem)}") from problem
            except psycopg.errors.UndefinedTable as problem:
                raise RowsMissing("the index on PostgreSQL does not have these rows") from problem
            except psycopg.Error as problem:
                raise NotReady(f"the index on PostgreSQL refused: {_first_line(problem)}") from problem

    def _take_idle(self) -> Connection | None:
        with self._lock:
            return self._idle.pop() if self._idle else None

    def _open(self) -> Connection:
        return psycopg.connect(
            self._url,
            autocommit=True,
            connect_timeout=CONNECT_SECONDS,
            tcp_user_timeout=self._timeout_milliseconds,
            options=f"-c statement_timeout={self._timeout_milliseconds}",
        )

    def _keep(self, connection: Connection) -> None:
        with self._lock:
            if len(self._idle) < _IDLE:
                self._idle.append(connection)
                return
        connection.close()


class Matrix:
    """One matrix of a database: a `Store`."""

    def __init__(self, database: Database, table: sql.Identifier) -> None:
        self._database = database
        self._table = table

    def count(self) -> int:
        with self._database.connect() as connection:
            found = connection.execute(sql.SQL("SELECT count(*) FROM {}").format(self._table)).fetchone()
        return int(found[0]) if found else 0

    def nearest(self, asks: Sequence[Ask]) -> list[Near]:
        with self._database.connect() as connection, connection.cursor(binary=True) as cursor:
            return [self._nearest(cursor, ask) for ask in asks]

    def take(self, rows: NDArray[np.intp]) -> Floats:
        found: dict[int, Floats] = {}
        wanted = np.unique(rows)
        statement = sql.SQL("SELECT row, v FROM {} WHERE row = ANY(%s)").format(self._table)
        with self._database.connect() as connection, connection.cursor(binary=True) as cursor:
            for start in range(0, len(wanted), _TAKEN):
                for row, content in cursor.execute(statement, (wanted[start : start + _TAKEN].tolist(),)):
                    found[row] = np.frombuffer(content, ">f4", offset=4)
        missing = [row for row in wanted.tolist() if row not in found]
        if missing:
            raise RowsMissing(f"the index on PostgreSQL does not have row {missing[0]}")
        return np.array([found[row] for row in rows.tolist()], np.float32)

    def _nearest(self, cursor: psycopg.Cursor[tuple[Any, ...]], ask: Ask) -> Near:
        statement = _NEAREST if ask.at_least == -math.inf else _NEAREST_OF_SOME
        given = {
            "away": sql.SQL("v <#> {}::vector").format(sql.Literal(_text(ask.question))),
            "edge": sql.Literal(-ask.at_least),
            "table": self._table,
            "limit": sql.Literal(ask.limit),
        }
        found = np.array(cursor.execute(statement.format(**given)).fetchall(), np.float64).reshape(-1, 2)
        return Near(found[:, 0].astype(np.int64), -found[:, 1])


def _binary_rows(vectors: Floats) -> Iterator[bytes]:
    """The content of a binary COPY: for each row its number, and its vector as pgvector sends it."""
    width = vectors.shape[1]
    line = np.dtype(
        [
            ("columns", ">i2"),
            ("row_bytes", ">i4"),
            ("row", ">i8"),
            ("vector_bytes", ">i4"),
            ("width", ">i2"),
            ("unused", ">i2"),
            ("v", ">f4", (width,)),
        ]
    )
    yield _COPY_HEAD
    for start in range(0, len(vectors), _COPIED):
        piece = vectors[start : start + _COPIED]
        lines = np.zeros(len(piece), line)
        lines["columns"], lines["row_bytes"], lines["vector_bytes"] = 2, 8, 4 + 4 * width
        lines["row"] = np.arange(start, start + len(piece))
        lines["width"], lines["v"] = width, piece
        yield lines.tobytes()
    yield _COPY_END


def _table(comment: str) -> sql.Identifier:
    """A name of a table has 63 bytes at most, which a knowledge base may fill alone."""
    return sql.Identifier(_TABLE + hashlib.sha256(comment.encode()).hexdigest()[:32])


def _close_all(connections: list[Connection]) -> None:
    while connections:
        connections.pop().close()


def _text(vector: Floats) -> str:
    """A vector in pgvector's text format, its numbers in full, so that they are the same there."""
    return "[" + ",".join(map(repr, vector.tolist())) + "]"


def _first_line(problem: psycopg.Error) -> str:
    return str(problem).partition("\n")[0] or type(problem).__name__
