"""Installations of a platform's app, a row for each workspace, with its token there, sealed.

    install ──► in force ──end──► ended (no token; the row stays) ──install──► in force
                 │    ▲
    claim_renewal└────┘renew: a token that has an end is replaced before it

Beside them the states of installs under way: good once, for a few minutes, for one browser.
"""

from __future__ import annotations

import logging
import secrets
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import datetime
from hashlib import sha256
from typing import Any

from sqlalchemy import Connection, Delete, Row, Update, and_, delete, func, insert, or_, select, update

from bot.domain import Clock
from bot.store.database import Database
from bot.store.errors import StoreError
from bot.store.sealing import SealBroken, Sealer
from bot.store.tables import install_state, installation

STATE_SECONDS = 10 * 60.0
# As long as a renewal is one process's own; asking takes seconds.
RENEWAL_SECONDS = 60.0
# Whoever asks for more than these at once is no person at a browser.
MOST_STATES = 1000

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Installation:
    """One place. `team_id` "" where it is a whole organisation, `enterprise_id` "" where there is none.

    `token` is "" once it has ended, with `ended_why` in a word. Where it has an end of its own,
    `expires_at`, `refresh_token` is what the next one is given for.
    """

    platform: str
    app_id: str
    enterprise_id: str
    team_id: str
    token: str = field(repr=False)
    bot_user_id: str = ""
    bot_id: str = ""
    team_name: str = ""
    enterprise_name: str = ""
    scopes: str = ""
    installed_by: str = ""
    installed_at: datetime | None = None  # None: not kept yet
    ended_at: datetime | None = None
    ended_why: str = ""
    refresh_token: str = field(default="", repr=False)
    expires_at: datetime | None = None

    @property
    def is_whole(self) -> bool:
        return not self.team_id

    @property
    def name(self) -> str:
        return self.team_name or self.enterprise_name or self.team_id or self.enterprise_id

    @property
    def owner(self) -> str:
        """The name that its tokens are sealed for: platform, app, enterprise and team."""
        return f"{self.platform}|{self.app_id}|{self.enterprise_id}|{self.team_id}"


class Installations:
    """The installations of one platform. `sealer` is called when a token is first sealed or opened."""

    def __init__(self, database: Database, clock: Clock, platform: str, sealer: Callable[[], Sealer]) -> None:
        self._database = database
        self._clock = clock
        self._platform = platform
        self._make_sealer = sealer
        self._sealer: Sealer | None = None

    def new_state(self, browser: str) -> str | None:
        """A state for this browser (a secret in its cookie); None while too many are under way."""
        state, now = secrets.token_urlsafe(32), self._clock.steady()
        values = {
            "digest": _digest(self._platform, browser, state),
            "platform": self._platform,
            "expires_at": now + STATE_SECONDS,
        }

        def work(connection: Connection) -> bool:
            connection.execute(delete(install_state).where(install_state.c.expires_at <= now))
            if (connection.scalar(select(func.count()).select_from(install_state)) or 0) >= MOST_STATES:
                return False
            connection.execute(insert(install_state).values(values))
            return True

        return state if self._database.write(work) else None

    def redeem(self, state: str, browser: str) -> bool:
        """Use a state up; False when it is not this browser's, was used, has expired or never was."""
        # One statement decides, so that of many who bring the same state one goes on.
        mine = and_(
            install_state.c.digest == _digest(self._platform, browser, state),
            install_state.c.expires_at > self._clock.steady(),
        )
        return self._change(delete(install_state).where(mine)) == 1

    def install(self, made: Installation) -> None:
        """Put it in force, in the place of what was there."""
        values = {
            **_columns(made),
            **self._seal(made),
            "renewing_until": None,
            "installed_at": self._clock.now(),
            "ended_at": None,
            "ended_why": "",
        }
        here = _place(made)

        def work(connection: Connection) -> None:
            if not connection.execute(update(installation).where(here).values(values)).rowcount:
                connection.execute(insert(installation).values(values))

        self._database.write(work, alone=True)

    def find(self, enterprise_id: str, team_id: str) -> Installation | None:
        """The one in force at exactly this place; None where there is none."""
        query = select(installation).where(
            installation.c.platform == self._platform,
            installation.c.enterprise_id == enterprise_id,
            installation.c.team_id == team_id,
            installation.c.ended_at.is_(None),
        )
        rows = self._database.read(lambda connection: connection.execute(query).all())
        return next(iter(self._open_all(rows)), None)

    def of_tenant(self, tenant: str) -> tuple[Installation, ...]:
        """The installations in force of an organisation or a workspace: that of the whole first."""
        return tuple(
            one
            for one in self.all()
            if one.ended_at is None and (one.enterprise_id or one.team_id) == tenant and one.token
        )

    def all(self) -> tuple[Installation, ...]:
        """Every one there is or was, by its place."""
        query = (
            select(installation)
            .where(installation.c.platform == self._platform)
            .order_by(installation.c.enterprise_id, installation.c.team_id)
        )
        return self._open_all(self._database.read(lambda connection: connection.execute(query).all()))

    def end(self, one: Installation, why: str, *, at: datetime | None = None) -> bool:
        """Forget its token; False where it had ended, or was installed anew after `at`."""
        here = and_(_place(one), installation.c.ended_at.is_(None))
        if at is not None:
            here = and_(here, installation.c.installed_at <= at)
        values = {"token": None, "refresh_token": None, "ended_at": self._clock.now(), "ended_why": why}
        return self._change(update(installation).where(here).values(values)) > 0

    def claim_renewal(self, one: Installation) -> bool:
        """Be the one that renews this token; False where somebody else does, or has done."""
        now = self._clock.steady()
        is_free = or_(installation.c.renewing_until.is_(None), installation.c.renewing_until <= now)
        change = update(installation).where(_is_as_read(one), is_free)
        return self._change(change.values(renewing_until=now + RENEWAL_SECONDS)) == 1

    def renew(self, one: Installation, token: str, refresh_token: str, expires_at: datetime) -> bool:
        """Put the next pair in the place of the one that was read; False where that has changed since."""
        made = replace(one, token=token, refresh_token=refresh_token, expires_at=expires_at)
        values = {**self._seal(made), "renewing_until": None}
        return self._change(update(installation).where(_is_as_read(one)).values(values)) == 1

    def reseal(self) -> int:
        """Seal with the first key what another one sealed; how many that were."""
        sealer = self._in_use()
        query = select(installation).where(
            installation.c.platform == self._platform,
            installation.c.key_id != sealer.key_id,
            installation.c.token.is_not(None),
        )
        rows = self._database.read(lambda connection: connection.execute(query).all())
        count = 0
        for row, one in zip(rows, self._open_all(rows), strict=True):
            if not one.token:
                continue
            # Whoever installed it anew meanwhile has sealed it anew.
            unchanged = and_(_place(one), installation.c.token == row.token)
            count += self._change(update(installation).where(unchanged).values(self._seal(one)))
        return count

    def _change(self, change: Update | Delete) -> int:
        """Run a change, and return the number of rows that it changed."""
        return self._database.write(lambda connection: connection.execute(change).rowcount)

    def _in_use(self) -> Sealer:
        if self._sealer is None:
            try:
                self._sealer = self._make_sealer()
            except OSError as problem:
                raise StoreError(f"the key of the tokens cannot be read: {problem.strerror}") from problem
        return self._sealer

    def _seal(self, one: Installation) -> dict[str, Any]:
        """The tokens of an installation as columns, sealed."""
        sealer = self._in_use()
        return {
            "token": sealer.seal(one.owner, one.token),
            "refresh_token": sealer.seal(f"{one.owner}|refresh", one.refresh_token)
            if one.refresh_token
            else None,
            "expires_at": one.expires_at,
            "key_id": sealer.key_id,
        }

    def _open_all(self, rows: Any) -> tuple[Installation, ...]:
        return tuple(map(self._open, rows))

    def _open(self, row: Row[Any]) -> Installation:
        one = Installation(
            platform=row.platform,
            app_id=row.app_id,
            enterprise_id=row.enterprise_id,
            team_id=row.team_id,
            token="",
            bot_user_id=row.bot_user_id,
            bot_id=row.bot_id,
            team_name=row.team_name,
            enterprise_name=row.enterprise_name,
            scopes=row.scopes,
            installed_by=row.installed_by,
            installed_at=row.installed_at,
            ended_at=row.ended_at,
            ended_why=row.ended_why,
            expires_at=row.expires_at,
        )
        if row.token is None:
            return one
        try:
            open_for = self._in_use().open
            next_one = open_for(f"{one.owner}|refresh", row.refresh_token) if row.refresh_token else ""
            return replace(one, token=open_for(one.owner, row.token), refresh_token=next_one)
        except SealBroken as broken:
            log.error(  # noqa: TRY400 - what it says is all there is to say
                "installation_unreadable", extra={"place": one.name, "reason": str(broken)}
            )
            return one


def _columns(one: Installation) -> dict[str, Any]:
    return {
        "platform": one.platform,
        "app_id": one.app_id,
        "enterprise_id": one.enterprise_id,
        "team_id": one.team_id,
        "team_name": one.team_name,
        "enterprise_name": one.enterprise_name,
        "bot_user_id": one.bot_user_id,
        "bot_id": one.bot_id,
        "scopes": one.scopes,
        "installed_by": one.installed_by,
    }


def _place(one: Installation) -> Any:
    return and_(
        installation.c.platform == one.platform,
        installation.c.app_id == one.app_id,
        installation.c.enterprise_id == one.enterprise_id,
        installation.c.team_id == one.team_id,
    )


def _is_as_read(one: Installation) -> Any:
    """Whether the row still holds the token that was read: each has another end."""
    return and_(_place(one), installation.c.ended_at.is_(None), installation.c.expires_at == one.expires_at)


def _digest(platform: str, browser: str, state: str) -> str:
    return sha256(f"{platform}\x00{browser}\x00{state}".encode()).hexdigest()
