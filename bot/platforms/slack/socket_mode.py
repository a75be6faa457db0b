"""Opens connections of Socket Mode: Slack is asked for an address, which is good once and soon."""

from __future__ import annotations

import time
from urllib.parse import urlsplit

from bot.domain import Clock, PlatformError
from bot.platforms.http_post import Outgoing
from bot.platforms.slack.socket_protocol import SocketLink
from bot.platforms.slack.web_api import TOKEN_IS_DEAD, SlackRefusal, WebApi
from bot.platforms.websocket import WebSocketWire, Wire, WireLostError, WireRefusedError

PING_SECONDS = 10.0
HELLO_SECONDS = 10.0

_FINAL = TOKEN_IS_DEAD | {"not_allowed_token_type", "missing_scope", "no_permission", "app_not_found"}


class SocketMode:
    """The way to one app's connections. `api_url` by http allows sockets without TLS, too."""

    def __init__(self, app_token: str, api_url: str, clock: Clock, outgoing: Outgoing | None = None) -> None:
        self._token = app_token
        self._is_plain = api_url.startswith("http://")
        self._web_api = WebApi(app_token, api_url, outgoing or Outgoing(), clock)

    def open(self) -> Wire:
        """Open a connection.

        Raises:
            WireLostError: not now.
            WireRefusedError: not with this token.
        """
        return WebSocketWire(self._address(), ping_seconds=PING_SECONDS)

    def look(self) -> str:
        """Open a connection, wait for Slack's greeting and close; what it said, in words.

        Raises:
            PlatformError: with what to mend.
        """
        link = SocketLink()
        try:
            wire = self.open()
            try:
                link.begin(0)
                deadline = time.monotonic() + HELLO_SECONDS
                while link.state == "opening" and (left := deadline - time.monotonic()) > 0:
                    text = wire.receive(left)
                    if text is not None:
                        link.take(text, 0)
            finally:
                wire.close()
        except WireLostError as lost:
            raise PlatformError(
                f"Slack's socket is not reached: {lost}; this machine needs a way out to it by TLS "
                "(proxies must let WebSockets pass)"
            ) from None
        except WireRefusedError as refused:
            raise PlatformError(str(refused), permanent=True) from None
        if link.state != "live":
            raise PlatformError(link.why_over or "Slack's socket was reached and did not greet")
        return f"connected; Slack counts {link.connections} of this app's connections, this one included"

    def _address(self) -> str:
        try:
            answer = self._web_api.call(lambda slack: slack.apps_connections_open(app_token=self._token))
        except SlackRefusal as refused:
            if refused.code in _FINAL:
                raise WireRefusedError(
                    f"Slack refuses [bot.slack] app_token ({refused.code}): it must be an app-level token "
                    "(xapp-…) of this app with the scope connections:write, and Socket Mode must be on"
                ) from None
            raise WireLostError(refused.reason) from None
        except PlatformError as failed:
            raise WireLostError(failed.reason, wait_seconds=failed.retry_after_seconds or 0.0) from None
        address = str(answer.get("url") or "")
        if urlsplit(address).scheme not in ({"wss", "ws"} if self._is_plain else {"wss"}):
            raise WireLostError("Slack gave no address to connect to")
        return address
