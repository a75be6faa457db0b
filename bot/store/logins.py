"""One-time links into the console, and the logins that they become.

    link ──redeem, once and within ten minutes──► login ──end, 8 h idle, 7 days──► gone

Of a link and of a login only the SHA-256 is kept here. A link that was told in a chat stands in the
outbox as well, as every reply does: good once, and for ten minutes at most.
"""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from typing import Any

from sqlalchemy import Connection, Row, and_, delete, insert, select, update

from bot.domain import Clock, Person
from bot.store import person_columns
from bot.store.database import Database
from bot.store.tables import login, sign_in

LINK_SECONDS = 10 * 60.0
IDLE_SECONDS = 8 * 3600.0
LONGEST_SECONDS = 7 * 24 * 3600.0
# Being seen is written down at most this often: a write for every page would be one too many.
SEEN_SECONDS = 60.0
_AGENT_CHARACTERS = 60


@dataclass(frozen=True, slots=True)
class Login:
    """A browser that is signed in. `id` names it in lists and is no secret; times are UTC."""

    id: str
    person: Person
    made_at: datetime
    seen_at: datetime
    agent: str


class Logins:
    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    def new_link(self, person: Person) -> str:
        """The token of a link for this person; the one before is good no longer."""
        token, now = secrets.token_urlsafe(32), self._clock.steady()
        values = {
            "digest": _digest(token),
            **person_columns.as_columns(person),
            "expires_at": now + LINK_SECONDS,
            "made_at": self._clock.now(),
        }

        def work(connection: Connection) -> None:
            over = (sign_in.c.person == person.key) | (sign_in.c.expires_at <= now)
            connection.execute(delete(sign_in).where(over))
            connection.execute(insert(sign_in).values(values))

        self._database.write(work)
        return token

    def person_of_link(self, token: str) -> Person | None:
        """Whom a link is for; None when it was used, has expired or never was. Uses nothing up."""
        query = select(sign_in).where(_is_good(token, self._clock.steady()))
        row = self._database.read(lambda connection: connection.execute(query).one_or_none())
        return None if row is None else person_columns.of_row(row)

    def redeem(self, token: str, agent: str) -> str | None:
        """Use a link up and sign in; the login's secret, or None as for `invited`."""
        made, now, at = secrets.token_urlsafe(32), self._clock.steady(), self._clock.now()

        def work(connection: Connection) -> bool:
            # One statement decides, so that of forty requests with one token one signs in.
            taken = connection.execute(
                update(sign_in).where(_is_good(token, now)).values(used_at=at)
            ).rowcount
            if not taken:
                return False
            row = connection.execute(select(sign_in).where(sign_in.c.digest == _digest(token))).one()
            self._begin(connection, made, person_columns.of_row(row), agent)
            return True

        return made if self._database.write(work) else None

    def begin(self, person: Person, agent: str) -> str:
        """Sign in somebody whom another has vouched for; the login's secret."""
        made = secrets.token_urlsafe(32)
        self._database.write(lambda connection: self._begin(connection, made, person, agent))
        return made

    def _begin(self, connection: Connection, secret: str, person: Person, agent: str) -> None:
        now, at = self._clock.steady(), self._clock.now()
        connection.execute(
            insert(login).values(
                digest=_digest(secret),
                **person_columns.as_columns(person),
                made_at=at,
                seen_at=at,
                idle_until=now + IDLE_SECONDS,
                ends_at=now + LONGEST_SECONDS,
                agent=agent[:_AGENT_CHARACTERS],
            )
        )

    def get(self, secret: str) -> Login | None:
        """The login of this secret while it lasts; seeing it keeps it from growing idle."""
        now, at = self._clock.steady(), self._clock.now()
        mine = login.c.digest == _digest(secret)
        query = select(login).where(mine, _lasts(now))
        row = self._database.read(lambda connection: connection.execute(query).one_or_none())
        if row is None:
            return None
        if row.idle_until - now <= IDLE_SECONDS - SEEN_SECONDS:
            seen = update(login).where(mine, _lasts(now)).values(seen_at=at, idle_until=now + IDLE_SECONDS)
            self._database.write(lambda connection: connection.execute(seen).rowcount)
        return _login(row)

    def of(self, person: Person) -> tuple[Login, ...]:
        """Everywhere that this person is signed in, the newest first."""
        query = (
            select(login)
            .where(login.c.person == person.key, _lasts(self._clock.steady()))
            .order_by(login.c.made_at.desc(), login.c.digest)
        )
        rows = self._database.read(lambda connection: connection.execute(query).all())
        return tuple(map(_login, rows))

    def end(self, person_key: str, login_id: str | None = None) -> int:
        """End one login of this person, or all; how many ended."""
        now = self._clock.steady()
        whose = delete(login).where((login.c.person == person_key) | ~_lasts(now))
        mine = select(login.c.digest).where(login.c.person == person_key, _lasts(now))

        def work(connection: Connection) -> int:
            if login_id is None:
                count = len(connection.execute(mine).all())
                connection.execute(whose)
                return count
            digests = [row.digest for row in connection.execute(mine) if _id(row.digest) == login_id]
            return connection.execute(delete(login).where(login.c.digest.in_(digests))).rowcount

        return self._database.write(work)


def id_of(secret: str) -> str:
    """The name in lists of the login with this secret."""
    return _id(_digest(secret))


def _id(digest: str) -> str:
    return digest[:16]


def _digest(token: str) -> str:
    return sha256(token.encode()).hexdigest()


def _is_good(token: str, now: float) -> Any:
    return and_(sign_in.c.digest == _digest(token), sign_in.c.used_at.is_(None), sign_in.c.expires_at > now)


def _lasts(now: float) -> Any:
    return and_(login.c.idle_until > now, login.c.ends_at > now)


def _login(row: Row[Any]) -> Login:
    return Login(_id(row.digest), person_columns.of_row(row), row.made_at, row.seen_at, row.agent)
