"""Leases: a row is one worker's for a while, under a number that every later write must show."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from sqlalchemy import ColumnElement, Connection, Table, and_, bindparam, update

from bot.store.errors import LeaseLost
from bot.store.prepared_statement import Prepared

LEASE_SECONDS = 30.0


@dataclass(frozen=True, slots=True)
class Lease:
    """One claimed row of a queue; `state` is what the rows of that table are in while they are claimed."""

    table: Table
    row_id: int
    number: int
    state: str

    def leave(self, connection: Connection, values: Mapping[str, Any]) -> None:
        """Write `values` and give the row up.

        Raises:
            LeaseLost: somebody else has the row by now; nothing is written.
        """
        if not self._write(connection, {**values, "lease_until": None}):
            raise LeaseLost(f"{self.table.name} {self.row_id} is no longer ours")

    def renew(self, connection: Connection, until: float) -> None:
        """Keep it until then (steady seconds). Silent when it is no longer ours."""
        self._write(connection, {"lease_until": until})

    def _write(self, connection: Connection, values: Mapping[str, Any]) -> bool:
        statement = _writing(self.table, self.state, tuple(values))
        ours = {"row_id": self.row_id, "row_lease": self.number}
        named = {f"new_{name}": value for name, value in values.items()}
        return statement.run(connection, {**ours, **named}) is not None


@lru_cache
def _writing(table: Table, state: str, names: tuple[str, ...]) -> Prepared:
    values = {name: bindparam(f"new_{name}", type_=table.c[name].type) for name in names}
    return Prepared(update(table).where(is_ours(table, state)).values(values).returning(table.c.id))


def is_ours(table: Table, state: str) -> ColumnElement[bool]:
    """The row that is meant is still claimed, and under the number that is shown."""
    columns = table.c
    return and_(
        columns.id == bindparam("row_id"), columns.lease == bindparam("row_lease"), columns.state == state
    )
