"""Column types: times in UTC, and text that both databases can keep."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from sqlalchemy import DateTime, Dialect, TypeDecorator
from sqlalchemy import Text as AnyText


class Utc(TypeDecorator[datetime]):
    """An aware time in UTC; a naive one is a mistake and refused."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:  # noqa: ARG002 - the base class's signature
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("a time without a zone; this is a bug")
        return value.astimezone(UTC)

    def process_result_value(self, value: Any | None, dialect: Dialect) -> datetime | None:  # noqa: ARG002 - as SQLAlchemy calls it
        if value is None:
            return None
        moment: datetime = value
        # SQLite forgets the zone of what it keeps as text.
        return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)


class Text(TypeDecorator[str]):
    """Text as it came, but for the one character that PostgreSQL cannot keep.

    A message, a name or an entry with a NUL in it would otherwise be refused each time it is tried.
    """

    impl = AnyText
    cache_ok = True

    def process_bind_param(self, value: str | None, dialect: Dialect) -> str | None:  # noqa: ARG002 - the base class's signature
        return value.replace("\x00", "\ufffd") if value else value
