"""Labels: people's verdicts on matches, readable by their own channel only.

Those of a click are written as part of an outcome (`Inbox.complete`), imported ones all
together or not at all.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, Select, bindparam, delete, func, insert, select

from bot.domain import Channel, Clock, Label, Person, RecordedLabel
from bot.store import person_columns
from bot.store.database import Database
from bot.store.tables import label as table


class Labels:
    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    def of(self, channel: Channel, *, knowledge_base: str | None = None) -> tuple[RecordedLabel, ...]:
        """All labels of a channel (about one knowledge base), oldest first."""
        query = _oldest_first(channel)
        if knowledge_base is not None:
            query = query.where(table.c.knowledge_base == knowledge_base)
        return self._read(query)

    def on(self, channel: Channel, origin: str) -> tuple[RecordedLabel, ...]:
        """The labels of one answer, oldest first."""
        return self._read(_oldest_first(channel).where(table.c.origin == origin))

    def between(self, channel: Channel, start: datetime, end: datetime) -> tuple[RecordedLabel, ...]:
        """The labels given from `start` up to, but not including, `end`; oldest first."""
        return self._read(_oldest_first(channel).where(table.c.made_at >= start, table.c.made_at < end))

    def count(self, channel: Channel) -> int:
        query = select(func.count()).where(table.c.channel == channel.key)
        return self._database.read(lambda connection: connection.scalar(query)) or 0

    def take_in(self, channel: Channel, given: Sequence[tuple[Person, Label]]) -> None:
        """Keep all of them or none. What a person said before of the same is replaced."""
        now = self._clock.now()
        rows = [
            _values(channel, label) | person_columns.as_columns(person) | {"made_at": now, "item_id": None}
            for person, label in given
        ]
        places = [{f"b_{name}": row[name] for name in _PLACE} for row in rows]
        same = delete(table).where(*(table.c[name] == bindparam(f"b_{name}") for name in _PLACE))

        def work(connection: Connection) -> None:
            if rows:
                connection.execute(same, places)
                connection.execute(insert(table), rows)

        self._database.write(work)

    def _read(self, query: Select[Any]) -> tuple[RecordedLabel, ...]:
        rows = self._database.read(lambda connection: connection.execute(query).all())
        return tuple(RecordedLabel(_label(row), person_columns.of_row(row), row.made_at) for row in rows)


def keep_label(
    connection: Connection, channel: Channel, person: Person, label: Label, now: datetime, *, item_id: int
) -> None:
    """A person has one label on each entry of an origin; a later one replaces it."""
    _forget(connection, channel, person, label)
    connection.execute(
        insert(table).values(
            **(_values(channel, label) | person_columns.as_columns(person)), made_at=now, item_id=item_id
        )
    )


def _forget(connection: Connection, channel: Channel, person: Person, label: Label) -> None:
    connection.execute(
        delete(table).where(
            table.c.channel == channel.key,
            table.c.origin == label.origin,
            table.c.entry_id == label.entry_id,
            table.c.person == person.key,
        )
    )


def _oldest_first(channel: Channel) -> Select[Any]:
    return (
        select(table)
        .where(table.c.channel == channel.key)
        .order_by(table.c.made_at, table.c.item_id, table.c.origin, table.c.entry_id)
    )


def _values(channel: Channel, label: Label) -> dict[str, Any]:
    return {"channel": channel.key, **{name: getattr(label, name) for name in _FIELDS}}


def _label(row: Row[Any]) -> Label:
    return Label(**{name: getattr(row, name) for name in _FIELDS})


_PLACE = ("channel", "origin", "entry_id", "person")
_FIELDS = tuple(Label.__dataclass_fields__)
