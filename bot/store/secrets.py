"""Keys that this installation made for itself, the same for all its processes."""

from __future__ import annotations

from collections.abc import Callable

from sqlalchemy import Connection, insert, select

from bot.store.database import Database
from bot.store.errors import StoreError
from bot.store.tables import secret


class Secrets:
    def __init__(self, database: Database, make: Callable[[], str]) -> None:
        self._database = database
        self._make = make
        self._known: dict[str, str] = {}

    def get(self, name: str) -> str:
        """The key of this name; made when first asked for, by whichever process that is."""
        if name not in self._known:
            self._known[name] = self._read(name) or self._create(name)
        return self._known[name]

    def _read(self, name: str) -> str | None:
        query = select(secret.c.value).where(secret.c.name == name)
        value: str | None = self._database.read(lambda connection: connection.scalar(query))
        return value

    def _create(self, name: str) -> str:
        made = self._make()

        def work(connection: Connection) -> None:
            if connection.scalar(select(secret.c.value).where(secret.c.name == name)) is None:
                connection.execute(insert(secret).values(name=name, value=made))

        self._database.write(work)
        kept = self._read(name)
        if kept is None:
            raise StoreError(f"the key {name} was not kept")
        return kept
