"""Our own account on the server, asked for once and whenever a connection is made."""

from __future__ import annotations

from bot.domain import PlatformError
from bot.platforms.mattermost.parser import OwnAccount
from bot.platforms.mattermost.web_api import WebApi


class Identity:
    """Our own account. Safe to share between threads."""

    def __init__(self, web_api: WebApi, tenant: str) -> None:
        self._web_api = web_api
        self._tenant = tenant
        self._known: OwnAccount | None = None

    def learn(self) -> OwnAccount:
        """Ask the server, which may have renamed us.

        Raises:
            PlatformError
        """
        me = self._web_api.read_self()
        id_, username = me.get("id"), me.get("username")
        if not isinstance(id_, str) or not isinstance(username, str) or not id_ or not username:
            raise PlatformError("Mattermost does not say who we are")
        self._known = OwnAccount(self._tenant, id_, username)
        return self._known

    @property
    def username(self) -> str:
        """Our name as far as it is known."""
        return self._known.username if self._known else "kbdial"

    def account(self) -> OwnAccount:
        """Our account as it was last; asks where nobody did. Raises like `learn`."""
        return self._known or self.learn()
