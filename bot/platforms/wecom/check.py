"""The looks of `python -m bot check` at WeCom: keys, addresses, the API, and what usually goes wrong.

Nothing is posted, nobody is told anything, and no running connection is taken over. Each
look returns what it found, or raises PlatformError with what to mend.
"""

from __future__ import annotations

import base64
import os
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any
from urllib.parse import urlsplit

import requests

from bot.domain import Clock, PlatformError
from bot.network_errors import name_cause
from bot.platforms.websocket import WebSocketWire, Wire, WireLostError
from bot.platforms.wecom.client import ErrorCode, Unreached
from bot.platforms.wecom.config import Wecom, WecomApp, WecomRobot, WecomWebhook
from bot.platforms.wecom.envelope import Envelope
from bot.platforms.wecom.keys import app_api, app_envelope, robot_envelope
from bot.platforms.wecom.routes import HERE

Look = Callable[[], str]

SECONDS = 5.0
_LIMIT_BYTES = 64 * 1024
_IF_REFUSED = """
        If the page refuses it though this check passes:
        - 域名主体校验未通过: the domain's ICP registration must belong to your company; take a
          subdomain of a company domain, or a long connection, which needs no domain
        - openapi回调地址请求不通过: the page did not reach the URL from outside within a second,
          or token and key there differ from the configuration here"""
_LOCAL = ("127.", "localhost", "[::1]", "0.0.0.0")  # noqa: S104 - recognised, not listened on


def looks(
    wecom: Wecom,
    public_url: str,
    session: requests.Session,
    *,
    connections: Mapping[str, str],
    open_wire: Callable[[str], Wire] = WebSocketWire,
) -> list[tuple[str, Look]]:
    """A name and a look for every table that is used.

    `connections` is what the running bot says of its long connections, each by its robot.
    """
    clock, found = Clock(), list[tuple[str, Look]]()
    for name, robot in wecom.robot.items():
        if robot.is_called_back:
            envelope = robot_envelope(robot, clock)
            url = f"{public_url}/wecom/robot/{name}"
            found.append((f"wecom robot {name}", partial(_callback, url, envelope, clock, session)))
        elif robot.is_connected:
            state = connections.get(name, "")
            found.append((f"wecom robot {name}", partial(_connection, robot, state, open_wire)))
    for name, app in wecom.app.items():
        if app.is_used:
            url = f"{public_url}/wecom/app/{name}"
            found.append(
                (f"wecom app {name}", partial(_callback, url, app_envelope(app, clock), clock, session))
            )
            found.append((f"wecom app {name} api", partial(_api, app, session, clock)))
    for name, webhook in wecom.webhook.items():
        if webhook.is_used:
            found.append((f"wecom webhook {name}", partial(_webhook, webhook)))
    return found


def _callback(url: str, envelope: Envelope, clock: Clock, session: requests.Session) -> str:
    """Calls our own address from here as the admin page will: who answers, and with our keys?"""
    host = urlsplit(url).netloc
    if host.startswith(_LOCAL):
        raise PlatformError(
            f"WeCom cannot reach {host}: set [bot] public_url to the address under which the internet "
            "reaches this program, or use a long connection (bot_id and secret), which needs none"
        )
    plain = _get(session, url, {})
    if plain != HERE.encode():
        raise PlatformError(
            f"{url} is answered by something else than kbdial: a proxy's own page, a login, another "
            "program, or another kbdial without this table. Send exactly this path to kbdial, unchanged"
        )
    echo = str(int.from_bytes(os.urandom(7)))
    said = _get(session, url, _sign(envelope, echo, clock))
    if said != echo.encode():
        raise PlatformError(
            f"kbdial at {url} does not know these keys: it runs with another token or encoding_aes_key "
            "(restart it after a change), or a proxy rewrites the query"
        )
    return f"paste this URL into the admin page: {url}{_IF_REFUSED}"


def _connection(robot: WecomRobot, state: str, open_wire: Callable[[str], Wire]) -> str:
    """Asks the bot that runs, or opens a line and says nothing on it: subscribing would evict somebody."""
    if state == "live":
        return f"connected to {robot.socket_url}; bot_id and secret are right"
    if state in _OVER:
        raise PlatformError(_OVER[state])
    try:
        open_wire(robot.socket_url).close()
    except WireLostError as lost:
        raise PlatformError(
            f"{robot.socket_url} is not reached: {lost}; this machine needs a way out to it by TLS "
            "(proxies must let WebSockets pass)"
        ) from None
    return (
        f"{robot.socket_url} is reached; bot_id and secret are tried when the bot starts: "
        "check again while it runs"
    )


def _api(app: WecomApp, session: requests.Session, clock: Clock) -> str:
    try:
        about = app_api(session, app, clock).describe()
    except ErrorCode as refused:
        raise PlatformError(_EXPLAINED.get(refused.code, refused.reason)) from None
    except Unreached as unreached:
        raise PlatformError(f"{app.api_url}: {unreached.reason}") from None
    name = about.get("name")
    return f"we are {name if isinstance(name, str) and name else app.agent_id} at {app.api_url}"


def _webhook(webhook: WecomWebhook) -> str:
    host = urlsplit(webhook.url.get_secret_value()).netloc
    return f"the address has the right form, at {host}; nothing was posted"


_OVER = {
    "refused": "bot_id or secret is wrong (853000): copy both anew from the bot's page, where a new secret "
    "can be made, and restart the bot",
    "evicted": "another program has taken over the connection of this bot: stop it, or give each program "
    "a bot of its own, and restart this one",
}
_EXPLAINED = {
    40001: "the secret is wrong (40001): copy it anew from the application's page, section Secret",
    40013: "the corp id is wrong (40013): it is on the page 我的企业, at the bottom, and begins with ww",
    301002: "agent_id is not the number of this application (301002): see AgentId on the application's page",
}


def _sign(envelope: Envelope, echo: str, clock: Clock) -> dict[str, str]:
    encrypted = envelope.encrypt(echo.encode())
    timestamp, nonce = str(int(clock.now().timestamp())), base64.b32encode(os.urandom(10)).decode()
    signature = envelope.sign(timestamp, nonce, encrypted)
    return {"msg_signature": signature, "timestamp": timestamp, "nonce": nonce, "echostr": encrypted}


def _get(session: requests.Session, url: str, query: dict[str, str]) -> bytes:
    options: dict[str, Any] = {"timeout": (SECONDS, SECONDS), "allow_redirects": False, "stream": True}
    try:
        with session.get(url, params=query, **options) as response:
            if response.status_code == 401:  # noqa: PLR2004 - not authentic
                return b""
            if response.is_redirect:
                raise PlatformError(
                    f"{url} leads elsewhere (status {response.status_code}), and WeCom does not follow: set "
                    "[bot] public_url to the address behind it, or take the login off this path"
                )
            if response.status_code != 200:  # noqa: PLR2004 - success
                raise PlatformError(
                    f"{url} answers with status {response.status_code}: is the path sent to kbdial, and has "
                    "the running one this table?"
                )
            return next(response.iter_content(_LIMIT_BYTES), b"")
    except requests.RequestException as failed:
        raise PlatformError(
            f"{url} is not reached: {name_cause(failed)}; start the bot, then look at name, certificate "
            "and proxy"
        ) from None
