"""Persons as columns. A key cannot be split again, so its parts are kept beside it."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Column, Row

from bot.domain import Person
from bot.store.column_types import Text


def person_columns() -> tuple[Column[Any], ...]:
    """The columns of a table that keeps who did it; `person` is the key."""
    return (
        Column("person", Text, nullable=False),
        Column("person_platform", Text, nullable=False),
        Column("person_tenant", Text, nullable=False),
        Column("person_id", Text, nullable=False),
        Column("person_name", Text, nullable=False),
    )


def as_columns(person: Person) -> dict[str, str]:
    return {
        "person": person.key,
        "person_platform": person.platform,
        "person_tenant": person.tenant,
        "person_id": person.id,
        "person_name": person.name,
    }


def of_row(row: Row[Any]) -> Person:
    return Person(row.person_platform, row.person_tenant, row.person_id, row.person_name)
