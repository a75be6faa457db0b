"""Admins by a code, and the codes: made for an operator, good once and not for long.

A code is kept as its digest. Admins that the configuration names are not here.
"""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256

from sqlalchemy import Connection, delete, insert, or_, select, update

from bot.domain import Clock, Person
from bot.store import person_columns
from bot.store.database import Database
from bot.store.tables import admin, admin_code

CODE_SECONDS = 15 * 60.0
# No letters or digits that look alike; twelve of them are 58 bits.
_LETTERS = "23456789ABCDEFGHJKMNPQRSTVWXYZ"
_LENGTH, _GROUP = 12, 4


@dataclass(frozen=True, slots=True)
class Enrolled:
    person: Person
    since: datetime


class Admins:
    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    def new_code(self) -> str:
        """A code such as "7KMP-2XQA-RT94". Older ones stay good until their time is over."""
        code = "".join(secrets.choice(_LETTERS) for _ in range(_LENGTH))
        now, at = self._clock.steady(), self._clock.now()

        def work(connection: Connection) -> None:
            connection.execute(delete(admin_code).where(admin_code.c.expires_at <= now))
            values = {"digest": _digest(code), "expires_at": now + CODE_SECONDS, "made_at": at}
            connection.execute(insert(admin_code).values(values))

        self._database.write(work)
        return "-".join(code[at : at + _GROUP] for at in range(0, _LENGTH, _GROUP))

    def claim(self, code: str, person: Person) -> bool:
        """Make the person an admin; False for a code that is wrong, expired or used by somebody else.

        The same person may claim the same code again, because a crash may hide that they did.
        """
        now, at = self._clock.steady(), self._clock.now()

        def work(connection: Connection) -> bool:
            taken = connection.execute(
                update(admin_code)
                .where(
                    admin_code.c.digest == _digest(code),
                    admin_code.c.expires_at > now,
                    or_(admin_code.c.used_by.is_(None), admin_code.c.used_by == person.key),
                )
                .values(used_by=person.key)
            ).rowcount
            if not taken:
                return False
            connection.execute(delete(admin).where(admin.c.person == person.key))
            connection.execute(insert(admin).values(**person_columns.as_columns(person), made_at=at))
            return True

        return self._database.write(work)

    def includes(self, person: Person) -> bool:
        query = select(admin.c.person).where(admin.c.person == person.key)
        return self._database.read(lambda connection: connection.scalar(query)) is not None

    def remove(self, person_key: str) -> bool:
        """Take somebody's rights away from their next message on; False for who never had a code."""

        def work(connection: Connection) -> bool:
            # Their code would make them an admin again until its time is over.
            connection.execute(delete(admin_code).where(admin_code.c.used_by == person_key))
            return connection.execute(delete(admin).where(admin.c.person == person_key)).rowcount > 0

        return self._database.write(work)

    def all(self) -> tuple[Enrolled, ...]:
        """Everybody, longest-serving first."""
        query = select(admin).order_by(admin.c.made_at, admin.c.person)
        rows = self._database.read(lambda connection: connection.execute(query).all())
        return tuple(Enrolled(person_columns.of_row(row), row.made_at) for row in rows)

    def of(self, platform: str, tenant: str) -> tuple[Person, ...]:
        """The admins of one workspace or bot, longest-serving first."""
        query = (
            select(admin)
            .where(admin.c.person_platform == platform, admin.c.person_tenant == tenant)
            .order_by(admin.c.made_at, admin.c.person)
        )
        rows = self._database.read(lambda connection: connection.execute(query).all())
        return tuple(person_columns.of_row(row) for row in rows)


def _digest(code: str) -> str:
    """The SHA-256 of a code's letters alone: how somebody types the dashes does not matter."""
    letters = "".join(letter for letter in code.upper() if letter in _LETTERS)
    return sha256(letters.encode()).hexdigest()
