"""Statements compiled once and given straight to the driver, for the path every acknowledgement waits for.

Executing through SQLAlchemy costs 40 to 100 µs a statement, SQLite's own work on the five
statements of `Inbox.accept` 15 µs each (measured with benchmarks.store_accept).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from sqlalchemy import Connection, Dialect
from sqlalchemy.exc import DBAPIError
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.dml import Insert, Update
from sqlalchemy.sql.selectable import Select


class Prepared:
    """One statement with named values. `columns` are the columns an insert gets at each run.

    What comes back is as the driver gives it: no column type converts it.
    """

    def __init__(self, statement: Select[Any] | Insert | Update, columns: Sequence[str] = ()) -> None:
        self._statement = statement
        self._columns = list(columns) or None
        self._ready: dict[str, _Ready] = {}

    def run(self, connection: Connection, values: Mapping[str, Any]) -> Any:
        """Execute; the first column of the first row, or None.

        Raises:
            DBAPIError: the same classes as from `Connection.execute`.
        """
        dialect = connection.dialect
        ready = self._ready.get(dialect.name)
        if ready is None:
            ready = self._ready[dialect.name] = _Ready(self._statement, self._columns, dialect)
        cursor = connection.connection.cursor()
        try:
            cursor.execute(ready.text, ready.parameters(values))
            row = cursor.fetchone() if cursor.description else None
        except dialect.loaded_dbapi.Error as problem:
            raise DBAPIError.instance(ready.text, None, problem, dialect.loaded_dbapi.Error) from problem
        finally:
            cursor.close()
        return None if row is None else row[0]


class _Ready:
    def __init__(self, statement: Any, columns: list[str] | None, dialect: Dialect) -> None:
        compiled: SQLCompiler = statement.compile(dialect=dialect, column_keys=columns)
        self.text = compiled.string
        self._order = compiled.positiontup
        self._constants = {name: bound.value for name, bound in compiled.binds.items() if not bound.required}
        self._conversions: dict[str, Callable[[Any], Any]] = {}
        for name, bound in compiled.binds.items():
            conversion = bound.type.dialect_impl(dialect).bind_processor(dialect)
            if conversion is not None:
                self._conversions[name] = conversion

    def parameters(self, values: Mapping[str, Any]) -> Any:
        named = {**self._constants, **values}
        for name, conversion in self._conversions.items():
            named[name] = conversion(named[name])
        return named if self._order is None else tuple([named[name] for name in self._order])
