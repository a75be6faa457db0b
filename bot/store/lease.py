"""Leases: a row is one worker's for a while, under a number that every later write must show."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, Connection, Table, and_, update

from bot.store.errors import LeaseLost

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

    def _write(self, connection: Connection, values: Mapping[str, Any]) -> int:
        return connection.execute(update(self.table).where(self.is_ours()).values(**values)).rowcount

    def is_ours(self) -> ColumnElement[bool]:
        columns = self.table.c
        return and_(columns.id == self.row_id, columns.lease == self.number, columns.state == self.state)
