"""The Web API of every workspace that installed the app, and of the one that the configuration names.

(enterprise, team) ─► its own installation ─► the organisation's ─► [bot.slack] bot_token
"""

from __future__ import annotations

import logging
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from bot.domain import Clock, PlatformError
from bot.platforms.http_post import Outgoing
from bot.platforms.slack.install_words import ENDED, TEAMS_IN, TEAMS_OUT
from bot.platforms.slack.web_api import NO_ACCESS, TOKEN_IS_DEAD, WebApi
from bot.platforms.slack.workspace import Removal, TeamAccess, Workspace
from bot.store.installations import Installation

# Codes that end an installation. A token that has only expired is another matter.
ENDS = TOKEN_IS_DEAD - {"not_authed", "token_expired", "org_login_required"}
EXPIRED = "token_expired"

# What could ring somebody where operators are told.
_NO_MARKUP = str.maketrans("", "", "<>@")
# Kept until operators are told, within a minute.
MOST_NEWS = 100

log = logging.getLogger(__name__)

# A Web API with this token.
ApiMaker = Callable[[str], WebApi]


class Store(Protocol):
    """The store of installations, see `bot.store.installations`. Every method raises StoreError."""

    def find(self, enterprise_id: str, team_id: str) -> Installation | None: ...
    def of_tenant(self, tenant: str) -> tuple[Installation, ...]: ...
    def all(self) -> tuple[Installation, ...]: ...
    def end(self, one: Installation, why: str, *, at: datetime | None = None) -> bool: ...


@dataclass(frozen=True)
class Access:
    """The way into one workspace. `key` tells it from all others; "" is the configured one."""

    web_api: WebApi
    installation: Installation | None = None
    own_user: str = ""
    key: str = ""


class Workspaces:
    """Finds the token for what came in and for what goes out. Safe to share between threads.

    `store` is None where only the configured token counts.
    """

    def __init__(
        self, token: str, api_url: str, outgoing: Outgoing, clock: Clock, store: Store | None = None
    ) -> None:
        self.make_api: ApiMaker = lambda made: WebApi(made, api_url, outgoing, clock)
        self._configured = Access(self.make_api(token))
        self._store = store
        self._news: deque[str] = deque(maxlen=MOST_NEWS)
        # Asks for the next token where this one has an end; see `token_rotation`.
        self.renew: Callable[[Installation], None] = lambda _: None

    @property
    def configured(self) -> Access:
        return self._configured

    def of(self, workspace: Workspace | None, tenant: str) -> tuple[Access, ...]:
        """The ways in, the likeliest first, never none: one of an enterprise may be that of a neighbour.

        `workspace` None: all that is known is the tenant, because nobody asked.

        Raises:
            StoreError
        """
        if self._store is None:
            return (self._configured,)
        if workspace is None:
            found = self._store.of_tenant(tenant)
        else:
            found = tuple(filter(None, (self._exactly(workspace), self._whole(workspace))))[:1]
        return tuple(map(self._access, found)) or (self._configured,)

    def exactly(self, workspace: Workspace) -> Access:
        """The way into the workspace that something came from."""
        return self.of(workspace, workspace.tenant)[0]

    def own_users(self, workspace: Workspace) -> frozenset[str]:
        """Our user id there, as it was when the app was installed."""
        own = self.exactly(workspace).own_user
        return frozenset({own}) if own else frozenset()

    def note_refusal(self, access: Access, code: str) -> None:
        """Slack refused a call with this code: it may mean that the app is not installed any more.

        Raises:
            PlatformError: the token had an end, and the next one has been asked for: try again.
        """
        one = access.installation
        if one is None or self._store is None:
            return
        if code == EXPIRED and one.refresh_token:
            self.renew(one)
            raise PlatformError("the token had ended; the next one has been asked for")
        if code in ENDS or (code == NO_ACCESS and not one.is_whole):
            self.end(one, code)

    def remove(self, removal: Removal) -> None:
        """Slack says that the app or our user is gone somewhere. What was installed anew since stays.

        Raises:
            StoreError
        """
        where = removal.workspace
        for one in self._store.all() if self._store else ():
            is_there = one.enterprise_id == where.enterprise if where.is_whole else one.team_id == where.team
            is_ours = removal.users is None or one.bot_user_id in removal.users
            if one.ended_at is None and one.is_whole == where.is_whole and is_there and is_ours:
                self.end(one, removal.why, at=removal.at)

    def note_access(self, access: TeamAccess) -> None:
        """An organisation put workspaces in, or took them out. Tokens of their own end with that.

        Raises:
            StoreError
        """
        told = {"workspaces": list(access.teams), "granted": access.is_granted}
        log.warning("slack_team_access", extra=told)
        self._news.append(
            (TEAMS_IN if access.is_granted else TEAMS_OUT).format(teams=", ".join(access.teams))
        )
        if access.is_granted or self._store is None:
            return
        for team in access.teams:
            one = self._store.find(access.workspace.enterprise, team)
            if one is not None:
                self.end(one, "team_access_revoked", at=access.at)

    def end(self, one: Installation, why: str, *, at: datetime | None = None) -> None:
        """Forget its token. Settings and history stay, and operators are told once."""
        if self._store is not None and self._store.end(one, why, at=at):
            log.error("slack_installation_ended", extra={"workspace": one.name, "why": why})
            self._news.append(ENDED.format(name=one.name.translate(_NO_MARKUP), why=why))

    def take_news(self) -> tuple[str, ...]:
        """Sentences for operators, each once."""
        return tuple(self._news.popleft() for _ in range(len(self._news)))

    def _exactly(self, workspace: Workspace) -> Installation | None:
        return self._find(workspace.enterprise, workspace.team) if not workspace.is_whole else None

    def _whole(self, workspace: Workspace) -> Installation | None:
        return self._find(workspace.enterprise, "") if workspace.enterprise else None

    def _find(self, enterprise: str, team: str) -> Installation | None:
        found = self._store.find(enterprise, team) if self._store else None
        # One whose token cannot be read is as good as none.
        return found if found and found.token else None

    def _access(self, one: Installation) -> Access:
        key = f"{one.enterprise_id}:{one.team_id}"
        return Access(self.make_api(one.token), one, one.bot_user_id, key)
